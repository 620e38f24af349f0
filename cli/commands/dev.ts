/** `lumos dev`: agents while they are written, offered to the swarm anew with each save. */
import { dirname, resolve } from 'node:path'
import { statSync } from 'node:fs'
import type { Client } from '../../client/calls.ts'
import { LumosError } from '../../core/errors.ts'
import type { Cli } from '../cli.ts'
import { awaitExit } from '../daemon-process.ts'
import { createDevLog } from '../dev-log.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { createProgress } from '../progress.ts'
import { runningNode, start } from './up.ts'

/** Of this very command or of npm that started it: the agents are not to take them for their own. */
const NOT_THEIRS = /^(npm_|LUMOS_|NODE_(OPTIONS|COMPILE_CACHE|CHANNEL_FD)$)/

export function define(command: LumosCommand, cli: Cli): void {
  command
    .argument('[file]', 'file that exports agents, or the folder of a project', '.')
    .example('lumos dev', 'the project of this folder')
    .example('lumos dev agent.ts', 'one file')
    .example('lumos dev --json | jq -c .', 'every version, request and failure, for a program')
    .action(async (file: string) => {
      const path = resolve(file)
      const running = await runningNode(cli)
      const node = running ?? (await start(cli, []))
      const where = running === undefined ? ', which ends with this command' : ''
      const { faint, strong } = cli.err()
      cli.note(`${strong(node.name)}   ${faint(`${path}${where}; Ctrl-C to leave`)}`)
      try {
        await follow(cli.client(), path, cli)
      } finally {
        if (running === undefined) await stop(node.pid, cli)
      }
    })
}

async function follow(client: Client, path: string, cli: Cli): Promise<void> {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  const log = createDevLog(cli, isFolder ? path : dirname(path))
  await cli.terminal.watchReader()
  try {
    const request = { path, env: environment(cli) }
    for await (const event of client.develop(request, { signal: cli.signal })) {
      if (cli.flags.json) cli.line(event)
      else log(event)
    }
  } catch (error) {
    // Whoever leaves has seen enough.
    if (cli.signal.aborted) return
    throw error
  }
  throw new LumosError('DAEMON_STOPPED')
}

/** What the shell has: keys of models and the like are where the code of a developer looks for them. */
function environment(cli: Cli): Record<string, string> {
  return Object.fromEntries(
    Object.entries(cli.host.env).flatMap(([name, value]) =>
      value === undefined || NOT_THEIRS.test(name) ? [] : [[name, value]]
    )
  )
}

async function stop(pid: number, cli: Cli): Promise<void> {
  const progress = createProgress(cli)
  progress.show('stopping the node')
  try {
    await cli.client().stop()
    await awaitExit(pid, cli.clock)
  } finally {
    progress.clear()
  }
}
