/** `lumos logs`: the node's log, live from the daemon, or from its file when it is down. */
import { readFile } from 'node:fs/promises'
import type { LogLine } from '../../client/api.ts'
import { toLumosError } from '../../core/errors.ts'
import { LOG_LEVELS, type LineFilter } from '../../core/log-filter.ts'
import { countFlag, durationFlag, oneOf } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { readLogLines } from '../log-file.ts'
import { defineLevels } from '../log-levels.ts'
import { renderLogLine } from '../log-line.ts'

const DEFAULT_LINES = '50'

interface LogFlags {
  readonly follow?: boolean
  readonly lines: string
  readonly since?: string
  readonly level?: string
  readonly component?: string
  readonly peer?: string
  readonly task?: string
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .option('-f, --follow', 'go on with what comes')
    .option('-n, --lines <n>', 'how many of the last lines', DEFAULT_LINES)
    .option('--since <duration>', 'nothing older: 10m, 1h')
    .option('--level <level>', `this and worse: ${LOG_LEVELS.join(', ')}`)
    .option('--component <name>', 'one part, for example discovery')
    .option('--peer <peer>', 'what concerns a peer: its name, PeerId or a part of that')
    .option('--task <id>', 'what concerns a task: its id, or the end of it')
    .example('lumos logs -f', 'follow the node')
    .example('lumos logs --level warn --since 1h', 'what was not well lately')
    .example('lumos logs -f --component discovery --level debug', 'watch one part closely')
    .example('lumos logs -f --peer bob --level debug', 'what happens with one peer')
    .example('lumos logs --json | jq -r .message', 'for a script')
    .action((flags: LogFlags) => showLogs(flags, cli))
  defineLevels(command, cli)
}

async function showLogs(flags: LogFlags, cli: Cli): Promise<void> {
  const filter = toFilter(flags, cli)
  const limit = countFlag(flags.lines)
  const { since, level, component, task } = filter
  if (flags.follow) await cli.terminal.watchReader()
  try {
    const query = {
      limit,
      ...(level !== undefined && { level }),
      ...(component !== undefined && { component }),
      ...(task !== undefined && { task }),
      ...(since !== undefined && { since: new Date(since).toISOString() }),
      ...(flags.peer !== undefined && { peer: flags.peer }),
      ...(flags.follow && { follow: true })
    }
    for await (const line of cli.client().logs(query, cli.call())) show(line, cli)
  } catch (error) {
    if (toLumosError(error).code !== 'DAEMON_DOWN') throw error
    if (!(await showFile(filter, limit, cli)) || flags.follow) throw error
  }
}

function toFilter({ since, level, component, peer, task }: LogFlags, cli: Cli): LineFilter {
  return {
    ...(level !== undefined && {
      level: oneOf(level, LOG_LEVELS, { command: 'logs', what: 'no level' })
    }),
    ...(component !== undefined && { component }),
    ...(since !== undefined && { since: cli.clock.now() - durationFlag(since) }),
    ...(peer !== undefined && { peer: [peer] }),
    ...(task !== undefined && { task })
  }
}

function show(line: LogLine, cli: Cli): void {
  if (cli.flags.json) cli.line(line)
  else cli.print(renderLogLine(line, cli.out(), cli.terminal.out.isTerminal))
}

/** False when there is no log at all. */
async function showFile(filter: LineFilter, limit: number, cli: Cli): Promise<boolean> {
  const { log } = cli.paths()
  const text = await readFile(log, 'utf8').catch(() => undefined)
  if (text === undefined) return false
  cli.note(`the node is not running; the end of ${log}:`)
  for (const line of readLogLines(text, filter).slice(-limit)) show(line, cli)
  return true
}
