/** The control API's documents about which lines the node logs. */
import type { LogLevel } from '../core/logger.ts'

export interface LevelsInForce {
  /** This level and the more urgent ones are kept. */
  readonly level: LogLevel
  /** For a component and the parts below it: `libp2p` covers `libp2p:tcp`. */
  readonly components: Readonly<Record<string, LogLevel>>
}

export interface LogLevelsDocument extends LevelsInForce {
  readonly v: 1
  /** ISO 8601; while something is switched for a time. */
  readonly until?: string
  /** What is in force then. */
  readonly after?: LevelsInForce
  /** What the next start begins with. */
  readonly configured: LevelsInForce
  /** Components that there are, as far as they have been met. */
  readonly known: readonly string[]
}

/** What is not named stays as it is. */
export interface LogLevelsChange {
  readonly level?: LogLevel
  /** Null: as the rest. */
  readonly components?: Readonly<Record<string, LogLevel | null>>
  /** First back to the configuration. */
  readonly reset?: boolean
  /** Put back by itself after so long; of several such changes the last one’s end counts for all. */
  readonly forMs?: number
}
