/** `lumos logs`: the node's log, live from the daemon, or from its file when it is down. */
import { readFile } from 'node:fs/promises'
import type { LogLine } from '../../client/api.ts'
import type { LogQuery } from '../../client/calls.ts'
import { toLumosError } from '../../core/errors.ts'
import { countFlag, durationFlag, usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { readLogLines } from '../log-file.ts'
import { renderLogLine } from '../log-line.ts'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const
const DEFAULT_LINES = '50'

interface LogFlags {
  readonly follow?: boolean
  readonly lines: string
  readonly since?: string
  readonly level?: string
  readonly component?: string
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .option('-f, --follow', 'go on with what comes')
    .option('-n, --lines <n>', 'how many of the last lines', DEFAULT_LINES)
    .option('--since <duration>', 'nothing older: 10m, 1h')
    .option('--level <level>', `this and worse: ${LEVELS.join(', ')}`)
    .option('--component <name>', 'one part, for example discovery')
    .example('lumos logs -f', 'follow the node')
    .example('lumos logs --level warn --since 1h', 'what was not well lately')
    .example('lumos logs -f --component discovery --level debug', 'watch one part closely')
    .example('lumos logs --json | jq -r .message', 'for a script')
    .action(async (flags: LogFlags) => {
      const query = toQuery(flags, cli)
      if (flags.follow) await cli.terminal.watchReader()
      try {
        const lines = cli.client().logs(query, cli.call())
        for await (const line of lines) show(line, cli)
      } catch (error) {
        if (toLumosError(error).code !== 'DAEMON_DOWN') throw error
        if (!(await showFile(query, cli)) || flags.follow) throw error
      }
    })
}

function toQuery({ follow, lines, since, level, component }: LogFlags, cli: Cli): LogQuery {
  if (level !== undefined && !LEVELS.some((each) => each === level)) {
    throw usage(`"${level}" is no level`, { suggestion: `one of ${LEVELS.join(', ')}` })
  }
  const from = since && new Date(cli.clock.now() - durationFlag(since)).toISOString()
  return {
    limit: countFlag(lines),
    ...(follow && { follow }),
    ...(from && { since: from }),
    ...(level !== undefined && { level }),
    ...(component !== undefined && { component })
  }
}

function show(line: LogLine, cli: Cli): void {
  if (cli.flags.json) cli.line(line)
  else cli.print(renderLogLine(line, cli.out(), cli.terminal.out.isTerminal))
}

/** False when there is no log at all. */
async function showFile(query: LogQuery, cli: Cli): Promise<boolean> {
  const { log } = cli.paths()
  const text = await readFile(log, 'utf8').catch(() => undefined)
  if (text === undefined) return false
  cli.note(`the node is not running; the end of ${log}:`)
  for (const line of readLogLines(text, query)) show(line, cli)
  return true
}
