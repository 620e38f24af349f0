/** Which lines are kept: by urgency, and by the part of the node that speaks. */
import { covers, isTalkative, LEVELS } from '../../core/log-filter.ts'
import type { LogLevel } from '../../core/logger.ts'

export interface LogLevels {
  readonly level: LogLevel
  /** For a component and the parts below it; the longest name that fits counts. */
  readonly components: Readonly<Record<string, LogLevel>>
}

export function levelOf({ level, components }: LogLevels, component: string): number {
  const [closest] = Object.entries(components)
    .filter(([name]) => covers(name, component))
    .toSorted(([a], [b]) => b.length - a.length)
  const least = isTalkative(component) ? LEVELS.info : LEVELS.trace
  return closest === undefined ? Math.max(LEVELS[level], least) : LEVELS[closest[1]]
}
