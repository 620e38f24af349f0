/** `lumos dashboard`: opens the node's dashboard in a browser, signed in as the user of this machine. */
import { plural } from '../format.ts'
import { openBrowser } from '../browser.ts'
import type { Cli } from '../cli.ts'
import { buildDashboard } from '../dashboard-build.ts'
import type { LumosCommand } from '../lumos-command.ts'

interface DashboardFlags {
  readonly open: boolean
  readonly printUrl?: boolean
  readonly signOut?: boolean
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .option('--no-open', 'print the address instead of opening a browser')
    .option('--print-url', 'print the address besides')
    .option('--sign-out', 'end all sessions of the dashboard')
    .example('lumos dashboard', 'in the browser of this machine')
    .example('lumos dashboard --no-open', 'an address for another browser: good once, for a minute')
    .example('lumos dashboard --sign-out', 'whoever is signed in is out')
    .action(async ({ open, printUrl = false, signOut = false }: DashboardFlags) => {
      if (signOut) return endSessions(cli)
      await buildDashboard(cli)
      const document = await cli.client().dashboard.code(cli.call())
      if (cli.flags.json) return cli.document(document)
      const { code } = document
      const url = new URL(document.url)
      url.hash = `code=${code}`
      const isOpened = open && (await openBrowser(url.href, cli.host.env))
      if (!isOpened || printUrl) cli.print(url.href)
      if (!isOpened && open) cli.note('no browser could be opened here: open the address above')
      for (const line of warningsAbout(url)) cli.note(line)
      cli.note(`good once, within ${document.lifetimeMs / 1000} s`)
    })
}

async function endSessions(cli: Cli): Promise<void> {
  const document = await cli.client().dashboard.end(cli.call())
  if (cli.flags.json) return cli.document(document)
  cli.print(`${plural(document.sessions, 'session')} of the dashboard ended`)
}

/** What does not work as it does on this machine. */
function warningsAbout({ protocol, hostname }: URL): readonly string[] {
  if (protocol === 'https:') {
    return ['the browser has to trust the certificate of gateway.tls']
  }
  if (/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) return []
  return [
    `${hostname} without TLS: what is shown and done can be read on the way`,
    'better: ssh -L 5869:127.0.0.1:5869 MACHINE, and gateway.host as it is by itself'
  ]
}
