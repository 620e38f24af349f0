/** `lumos audit`: who did what on this node, what was refused, and whether the log is whole. */
import type { AuditLine, AuditReport } from '../../client/audit-api.ts'
import type { AuditQuery } from '../../client/audit-calls.ts'
import { LumosError } from '../../core/errors.ts'
import { countFlag, durationFlag } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { plural, shortId } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { oneLine, padEnd } from '../width.ts'

const DEFAULT_LINES = '100'

interface AuditFlags {
  readonly follow?: boolean
  readonly since?: string
  readonly peer?: string
  readonly denied?: boolean
  readonly lines: string
  readonly verify?: boolean
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .option('-f, --follow', 'go on with what comes')
    .option('--since <duration>', 'nothing older: 10m, 1h')
    .option('--peer <peer>', 'name, PeerId or the end of one; local for the user of this machine')
    .option('--denied', 'only what was refused')
    .option('-n, --lines <n>', 'how many of the last lines', DEFAULT_LINES)
    .option('--verify', 'check that no line was changed or taken away')
    .example('lumos audit --since 1h', 'who did what lately')
    .example('lumos audit --denied --peer bob', 'what a peer was refused')
    .example('lumos audit -f --denied', 'watch what is refused')
    .example('lumos audit --verify', 'whether the log is as it was written')
    .example('lumos audit --json | jq -r .did', 'for a script')
    .action(async (flags: AuditFlags) => {
      if (flags.verify) return verify(cli)
      if (flags.follow) await cli.terminal.watchReader()
      for await (const line of cli.client().audit.lines(toQuery(flags, cli), cli.call())) {
        if (cli.flags.json) cli.line(line)
        else cli.print(renderLine(line, cli))
      }
    })
}

function toQuery({ since, peer, denied, lines, follow }: AuditFlags, cli: Cli): AuditQuery {
  const from = since && new Date(cli.clock.now() - durationFlag(since)).toISOString()
  return {
    limit: countFlag(lines),
    ...(from && { since: from }),
    ...(peer !== undefined && { peer }),
    ...(denied && { denied }),
    ...(follow && { follow })
  }
}

/** `2026-01-02T03:04:05.678Z denied  eve (…abcdef) task.send echo: no-member, 12 times` */
function renderLine(line: AuditLine, cli: Cli): string {
  const style = cli.out()
  const { at, who, name, tenant, did, what, grant, allowed, reason, times, lost } = line
  const peer = who === 'local' || name === undefined ? who : `${name} (${shortId(who)})`
  const deed = what === undefined ? did : `${did} ${what}`
  const notes = [
    ...(reason === undefined ? [] : [reason]),
    ...(tenant === undefined ? [] : [`tenant ${tenant}`]),
    ...(grant === undefined ? [] : [`grant ${grant}`]),
    ...(times === undefined ? [] : [plural(times, 'time')]),
    ...(lost === undefined ? [] : [`${plural(lost, 'line')} before it could not be written`])
  ]
  const word = padEnd(allowed ? 'allowed' : 'denied', 7)
  return [
    style.faint(at),
    allowed ? style.good(word) : style.bad(word),
    style.accent(oneLine(peer)),
    oneLine(notes.length === 0 ? deed : `${deed}: ${notes.join(', ')}`)
  ].join(' ')
}

async function verify(cli: Cli): Promise<void> {
  const report = await cli.client().audit.verify(cli.call())
  if (cli.flags.json) cli.document(report)
  else tell(report, cli)
  if (report.broken === undefined) return
  const { file, line, reason } = report.broken
  throw new LumosError('AUDIT_BROKEN', { details: { file, line, reason } })
}

function tell({ entries, first, head, broken }: AuditReport, cli: Cli): void {
  if (broken !== undefined) return
  const begin = first > 1 ? `, the first kept is number ${first}` : ''
  cli.print(`whole: ${plural(entries, 'line')}${begin}`)
  cli.note(`its end is ${head}: note it elsewhere, and a later cut shows`)
}
