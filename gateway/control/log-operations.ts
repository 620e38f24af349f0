/** What the control API asks of a node's log. */
import type { LogLevelsChange, LogLevelsDocument } from '../../client/log-levels-api.ts'
import type { LineFilter } from '../../core/log-filter.ts'

/** Its level may be lower than what the node itself logs. */
export interface LogFilter extends LineFilter {
  /** Lines kept so far, then those to come, until the signal aborts. */
  readonly follow: boolean
  /** At most this many of the kept lines, the newest. */
  readonly limit: number
}

export interface LogLevelOperations {
  show(): LogLevelsDocument
  /** In force at once, and not after a restart. @throws INVALID_REQUEST */
  change(change: LogLevelsChange): LogLevelsDocument
}
