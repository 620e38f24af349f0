/** Which lines are wanted: by urgency, and by the part of the node that speaks. */
import type { LogLevel } from '../../core/logger.ts'

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

export interface LogLevels {
  readonly level: LogLevel
  /** For a component and the parts below it; the longest name that fits counts. */
  readonly components: Readonly<Record<string, LogLevel>>
}

/** Whether `component` is `given` or a part of it: `libp2p` covers `libp2p:tcp`. */
export function covers(component: string, given: string): boolean {
  return (
    given === component ||
    (given.startsWith(component) && /^[:./-]/.test(given.slice(component.length)))
  )
}

export function levelOf({ level, components }: LogLevels, component: string): number {
  const [closest] = Object.entries(components)
    .filter(([name]) => covers(name, component))
    .toSorted(([a], [b]) => b.length - a.length)
  return LEVELS[closest?.[1] ?? level]
}
