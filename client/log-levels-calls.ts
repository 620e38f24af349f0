/** Calls of the control API about which lines the node logs. */
import type { LogLevelsChange, LogLevelsDocument } from './log-levels-api.ts'
import type { CallOptions, Verbs } from './verbs.ts'

export interface LogLevelCalls {
  show(options?: CallOptions): Promise<LogLevelsDocument>
  /** At once, and until the node stops or `forMs` is over. */
  change(change: LogLevelsChange, options?: CallOptions): Promise<LogLevelsDocument>
}

export function createLogLevelCalls({ get, post }: Verbs): LogLevelCalls {
  return {
    show: (options) => get('/v1/logs/levels', options),
    change: (change, options) => post('/v1/logs/levels', { ...change }, options)
  }
}
