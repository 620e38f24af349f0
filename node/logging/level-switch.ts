/** The levels in force: those of the configuration, until somebody switches them while the node runs. */
import { API_VERSION } from '../../client/api.ts'
import type { LogLevelsChange, LogLevelsDocument } from '../../client/log-levels-api.ts'
import type { Clock } from '../../core/clock.ts'
import { invalidRequest } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { LogLevel } from '../../core/logger.ts'
import { levelOf, type LogLevels } from './levels.ts'

export interface LevelSwitch {
  /** Grows with each change: whoever remembers a threshold sees whether it still holds. */
  readonly version: number
  thresholdOf(component: string): number
  /** A component exists, and can be named when levels are switched. */
  met(component: string): void
  show(): LogLevelsDocument
  /** @throws INVALID_REQUEST for more components than LIMITS.logComponents */
  change(change: LogLevelsChange): LogLevelsDocument
  close(): void
}

/** Nothing is written down: with the next start the configuration is in force again. */
export function createLevelSwitch(
  { clock }: { readonly clock: Clock },
  configured: LogLevels
): LevelSwitch {
  const known = new Set<string>()
  let version = 0
  /** What holds until the node stops, and what holds now. */
  let lasting = configured
  let current = configured
  let passing: { readonly until: number; readonly cancel: () => void } | undefined

  function endPassing(): void {
    passing?.cancel()
    passing = undefined
    current = lasting
    version += 1
  }

  function show(): LogLevelsDocument {
    return {
      v: API_VERSION,
      ...current,
      ...(passing && { until: new Date(passing.until).toISOString(), after: lasting }),
      configured,
      known: Array.from(known).toSorted()
    }
  }

  return {
    get version() {
      return version
    },
    thresholdOf: (component) => levelOf(current, component),
    met(component) {
      // `libp2p:yamux:inbound:17`: what stands behind the second name is a single connection.
      const name = component.split(':').slice(0, 2).join(':')
      if (known.size < LIMITS.logComponents.value) known.add(name)
    },
    show,
    change({ reset = false, forMs, ...wish }) {
      const next = applied(reset ? configured : current, wish)
      if (forMs === undefined) {
        const last = applied(reset ? configured : lasting, wish)
        if (reset) endPassing()
        lasting = last
      } else {
        passing?.cancel()
        passing = { until: clock.now() + forMs, cancel: clock.after(forMs, endPassing) }
      }
      current = next
      version += 1
      return show()
    },
    close: () => passing?.cancel()
  }
}

function applied(
  levels: LogLevels,
  { level = levels.level, components = {} }: Pick<LogLevelsChange, 'level' | 'components'>
): LogLevels {
  const all = new Map<string, LogLevel | null>(Object.entries(levels.components))
  for (const [name, given] of Object.entries(components)) all.set(name, given)
  const kept = [...all].filter((entry): entry is [string, LogLevel] => entry[1] !== null)
  if (kept.length > LIMITS.logComponents.value) {
    const reason = `levels for more than ${LIMITS.logComponents.value} components`
    throw invalidRequest(reason)
  }
  return { level, components: Object.fromEntries(kept) }
}
