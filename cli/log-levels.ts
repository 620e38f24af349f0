/** `lumos logs level`: which lines the running node logs, and for how long. */
import type { LevelsInForce, LogLevelsChange, LogLevelsDocument } from '../client/log-levels-api.ts'
import { covers, LOG_LEVELS } from '../core/log-filter.ts'
import type { LogLevel } from '../core/logger.ts'
import { suggest } from '../core/suggest.ts'
import { durationFlag, oneOf, usage } from './arguments.ts'
import type { Cli } from './cli.ts'
import type { LumosCommand } from './lumos-command.ts'
import type { Style } from './style.ts'
import { oneLine, padEnd } from './width.ts'

/** As the rest of the node. */
const NONE = 'default'

interface LevelFlags {
  readonly for?: string
  readonly reset?: boolean
}

export function defineLevels(command: LumosCommand, cli: Cli): void {
  command
    .command('level')
    .description('which lines the node logs; switched at once, until it stops')
    .argument('[levels...]', 'debug for all, discovery=debug for a part of the node')
    .option('--for <duration>', 'put back by itself after 10m, 1h')
    .option('--reset', 'first back to the configuration')
    .example('lumos logs level', 'what is in force')
    .example(
      'lumos logs level discovery=debug libp2p:tcp=trace --for 10m',
      'two parts, for a while'
    )
    .example(`lumos logs level info discovery=${NONE}`, 'all at info again')
    .example('lumos logs level --reset', 'back to the configuration')
    .action((words: string[], flags: LevelFlags) => showOrChange(words, flags, cli))
}

async function showOrChange(words: readonly string[], flags: LevelFlags, cli: Cli): Promise<void> {
  const { logLevels } = cli.client()
  const isChange = words.length > 0 || flags.reset === true
  if (!isChange && flags.for !== undefined) throw usage('--for needs levels: discovery=debug')
  const change = changeOf(words, flags)
  const levels = isChange
    ? await logLevels.change(change, cli.call())
    : await logLevels.show(cli.call())
  if (cli.flags.json) return cli.document(levels)
  for (const line of renderLevels(levels, cli)) cli.print(line)
  for (const name of Object.keys(change.components ?? {})) noteUnmet(name, levels, cli)
  if (isChange && levels.until === undefined) noteKept(levels, cli)
}

function changeOf(words: readonly string[], flags: LevelFlags): LogLevelsChange {
  const components: Record<string, LogLevel | null> = {}
  let all: LogLevel | undefined
  for (const word of words) {
    const at = word.lastIndexOf('=')
    if (at < 0) {
      if (all !== undefined) throw usage(`${all} and ${word} cannot both be for all`)
      all = levelOf(word)
      continue
    }
    const text = word.slice(at + 1)
    components[word.slice(0, at)] = text === NONE ? null : levelOf(text)
  }
  return {
    ...(all !== undefined && { level: all }),
    ...(Object.keys(components).length > 0 && { components }),
    ...(flags.reset === true && { reset: true }),
    ...(flags.for !== undefined && { forMs: durationFlag(flags.for) })
  }
}

function levelOf(text: string): LogLevel {
  return oneOf(text, LOG_LEVELS, { command: 'logs level', what: 'no level' })
}

function renderLevels(levels: LogLevelsDocument, cli: Cli): string[] {
  const style = cli.out()
  const names = Object.keys({ ...levels.components, ...levels.after?.components }).toSorted()
  return [
    row([levels.level, 'all that is not named here', after(levels, levels.after?.level)], style),
    ...names.map((name) => {
      const then = levels.after && (levels.after.components[name] ?? levels.after.level)
      return row([ofPart(levels, name), name, after(levels, then, ofPart(levels, name))], style)
    })
  ]
}

function row([level, name, note]: readonly [string, string, string], style: Style): string {
  const line = `${style.strong(padEnd(level, 6))} ${oneLine(name)}`
  return note === '' ? line : `${line}   ${style.faint(note)}`
}

function ofPart({ level, components }: LevelsInForce, name: string): LogLevel {
  return components[name] ?? level
}

function after(
  { until, level }: LogLevelsDocument,
  then: LogLevel | undefined,
  now: LogLevel = level
): string {
  return until === undefined || then === undefined || then === now
    ? ''
    : `until ${until}, then ${then}`
}

function written(levels: LevelsInForce['components']): string {
  return Object.entries(levels)
    .map(([name, level]) => `${name}=${level}`)
    .toSorted()
    .join(',')
}

/** A typo must not look as if there were nothing to hear. */
function noteUnmet(name: string, { known }: LogLevelsDocument, cli: Cli): void {
  if (known.some((each) => covers(name, each) || covers(each, name))) return
  const near = suggest(name, known)
  const hint = near === undefined ? '' : `; did you mean ${near}?`
  cli.note(`no part of the node is called ${name} so far${hint}`)
}

function noteKept({ level, components, configured }: LogLevelsDocument, cli: Cli): void {
  const changed = [
    ...(level === configured.level ? [] : [`log.level ${level}`]),
    ...(written(components) === written(configured.components)
      ? []
      : [`log.components ${written(components)}`])
  ]
  if (changed.length === 0) return
  const keep = changed.map((each) => `lumos config set ${each}`).join(' && ')
  cli.note(`until the node stops; to keep it: ${keep}`)
}
