/** Log levels of which one component's is switched for a time, and the changes that were asked for. */
import type { LogLevelsChange, LogLevelsDocument } from '../../client/log-levels-api.ts'
import type { LogLevelOperations } from '../../gateway/control/log-operations.ts'

const LEVELS: Required<LogLevelsDocument> = {
  v: 1,
  level: 'info',
  components: { discovery: 'debug' },
  until: '2026-01-02T03:14:05.678Z',
  after: { level: 'info', components: {} },
  configured: { level: 'info', components: {} },
  known: ['discovery', 'libp2p:tcp', 'node']
}

export function fakeLogLevels(asked: LogLevelsChange[] = []): LogLevelOperations {
  return {
    show: () => LEVELS,
    change(change) {
      asked.push(change)
      return LEVELS
    }
  }
}
