/** Reads the daemon's log file, for when the daemon is not there to be asked. */
import type { LogLine } from '../client/api.ts'
import { fits, type LineFilter } from '../core/log-filter.ts'

/** Lines that fit. Those that are no JSON are kept as they are. */
export function readLogLines(text: string, filter: LineFilter): LogLine[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parse)
    .filter((line) => fits(line, filter))
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
    typeof fields === 'object' &&
    fields !== null
  )
}
