/** Which lines of a log somebody wants to see: the same for the node that keeps them and for who reads its file. */
import type { JsonObject } from './json.ts'
import type { LogLevel } from './logger.ts'

export type AnyLevel = LogLevel | 'fatal'

/** Higher is more urgent; the numbers are pino's. */
export const LEVELS: Readonly<Record<AnyLevel, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const satisfies LogLevel[]

export interface LineFilter {
  /** This level and the more urgent ones. */
  readonly level?: LogLevel
  /** Lines of this component and of the parts below it. */
  readonly component?: string
  /** Milliseconds since the epoch: no older lines. */
  readonly since?: number
  /** Lines that concern a peer of one of these names, PeerIds or parts of PeerIds. */
  readonly peer?: readonly string[]
  /** Lines that concern this task; the end of its id will do. */
  readonly task?: string
}

export interface FilteredLine {
  /** ISO 8601; empty when it is not known, which fits any time. */
  readonly time: string
  readonly level: AnyLevel
  readonly component: string
  readonly fields: JsonObject
}

/** Whether `component` is `given` or a part of it: `libp2p` covers `libp2p:tcp`. */
export function covers(component: string, given: string): boolean {
  return (
    given === component ||
    (given.startsWith(component) && /^[:./-]/.test(given.slice(component.length)))
  )
}

/** libp2p has several lines for each message it handles: below `info` it is heard only by who names it. */
export function isTalkative(component: string): boolean {
  return covers('libp2p', component)
}

/** What is known before a line is made. */
export function wantsFrom(
  { level, component }: LineFilter,
  given: { readonly component: string; readonly level: AnyLevel }
): boolean {
  return (
    (level === undefined || LEVELS[given.level] >= LEVELS[level]) &&
    (component === undefined || covers(component, given.component))
  )
}

export function fits(line: FilteredLine, filter: LineFilter): boolean {
  const { since, peer, task } = filter
  return (
    wantsFrom(filter, line) &&
    (since === undefined || line.time === '' || Date.parse(line.time) >= since) &&
    (peer === undefined || PEER_FIELDS.some((name) => isOneOf(line.fields[name], peer))) &&
    (task === undefined || isEndOf(line.fields['task'], task))
  )
}

/** Where lines say which peer they are about. */
const PEER_FIELDS = ['peer', 'worker', 'caller'] as const

/** As for selectors: shorter parts of an id fit too many. */
const MIN_PART = 6

function isOneOf(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'string') return false
  return names.some(
    (name) =>
      value === name ||
      (name.length >= MIN_PART && (value.startsWith(name) || value.endsWith(name)))
  )
}

const MIN_TASK_END = 4

function isEndOf(value: unknown, end: string): boolean {
  if (typeof value !== 'string') return false
  return value === end || (end.length >= MIN_TASK_END && value.endsWith(end))
}
