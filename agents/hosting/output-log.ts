/** Brings what a hosted project prints into the node's log, as much of it as a log can take. */
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { createTokenBucket } from '../../core/token-bucket.ts'
import { createLineSplitter } from './line-splitter.ts'
import type { LineSplitter } from './line-splitter.ts'

export interface OutputLog {
  readonly stdout: LineSplitter
  readonly stderr: LineSplitter
  /** One line, wherever it came from. */
  line(text: string): void
  /** The last line of stderr: mostly why it died. */
  lastError(): string | undefined
}

export function createOutputLog({
  clock,
  logger
}: {
  readonly clock: Clock
  readonly logger: Logger
}): OutputLog {
  const rate = LIMITS.hostLogRate.value
  const bucket = createTokenBucket({ clock }, { rate, burst: rate * 10 })
  let dropped = 0
  let last: string | undefined

  function log(level: 'info' | 'warn', text: string): void {
    if (!bucket.take(1)) {
      dropped += 1
      return
    }
    if (dropped > 0)
      logger.warn('lines were left out: more were printed than a log takes', { dropped })
    dropped = 0
    logger[level](text)
  }

  function splitter(level: 'info' | 'warn'): LineSplitter {
    const onLine = (line: string): void => {
      if (level === 'warn' && line.trim() !== '') last = line
      log(level, line)
    }
    return createLineSplitter({
      limit: LIMITS.hostLogLine.value,
      onLine,
      onLong: (beginning) => onLine(`${beginning}…`)
    })
  }

  return {
    stdout: splitter('info'),
    stderr: splitter('warn'),
    line: (text) => log('info', text),
    lastError: () => last
  }
}
