/** `lumos dev`: agents while they are written, offered to the swarm anew with each save. */
import { dirname, resolve } from 'node:path'
import { statSync } from 'node:fs'
import type { DevRequest } from '../../client/dev-api.ts'
import { LumosError } from '../../core/errors.ts'
import type { Cli } from '../cli.ts'
import { awaitExit } from '../daemon-process.ts'
import { createDevLog } from '../dev-log.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { createProgress } from '../progress.ts'
import { variableOptions, variablesOf } from '../project-variables.ts'
import type { VariableFlags } from '../project-variables.ts'
import { runningNode, start } from './up.ts'

export function define(command: LumosCommand, cli: Cli): void {
  variableOptions(command)
    .argument('[file]', 'file that exports agents, or the folder of a project', '.')
    .example('lumos dev', 'the project of this folder')
    .example('lumos dev agent.ts', 'one file')
    .example('lumos dev --json | jq -c .', 'every version, request and failure, for a program')
    .example('lumos dev --env OPENAI_API_KEY', 'with a key of this shell')
    .action(async (file: string, flags: VariableFlags) => {
      const path = resolve(file)
      const env = variablesOf(flags, cli.env())
      const running = await runningNode(cli)
      const node = running ?? (await start(cli, []))
      const where = running === undefined ? ', which ends with this command' : ''
      const { faint, strong } = cli.err()
      cli.note(`${strong(node.name)}   ${faint(`${path}${where}; Ctrl-C to leave`)}`)
      try {
        await follow({ path, env }, cli)
      } finally {
        if (running === undefined) await stop(node.pid, cli)
      }
    })
}

async function follow(request: Required<DevRequest>, cli: Cli): Promise<void> {
  const { path } = request
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  const log = createDevLog(cli, isFolder ? path : dirname(path))
  await cli.terminal.watchReader()
  try {
    for await (const event of cli.client().develop(request, { signal: cli.signal })) {
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
