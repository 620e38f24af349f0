/** Reads the daemon's log file, for when the daemon is not there to be asked. */
import type { LogLine } from '../client/api.ts'
import type { LogQuery } from '../client/calls.ts'

const RANK: Readonly<Record<string, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60
}

/** The newest `limit` lines that fit the query. Lines that are no JSON are kept as they are. */
export function readLogLines(text: string, query: LogQuery): LogLine[] {
  const { level, component, since, limit } = query
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parse)
    .filter(
      (line) =>
        (RANK[line.level] ?? 0) >= (RANK[level ?? 'trace'] ?? 0) &&
        (component === undefined || isPartOf(line.component, component)) &&
        (since === undefined || line.time === '' || line.time >= since)
    )
  return limit === undefined ? lines : lines.slice(-limit)
}

/** `libp2p` covers `libp2p:tcp`. */
function isPartOf(name: string, whole: string): boolean {
  return name === whole || name.startsWith(`${whole}:`)
}

function parse(text: string): LogLine {
  try {
    const value: unknown = JSON.parse(text)
    if (isLogLine(value)) return value
  } catch {
    // A stack trace of a crash, most likely: the most useful line of all.
  }
  return { time: '', level: 'error', component: 'stderr', message: text, fields: {} }
}

function isLogLine(value: unknown): value is LogLine {
  if (typeof value !== 'object' || value === null) return false
  const { time, level, component, message, fields } = value as Partial<
    Record<keyof LogLine, unknown>
  >
  return (
    typeof time === 'string' &&
    typeof level === 'string' &&
    typeof component === 'string' &&
    typeof message === 'string' &&
    typeof fields === 'object'
  )
}
