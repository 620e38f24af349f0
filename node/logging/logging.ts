/** The node's log: pino makes the lines; file, stderr and `lumos logs` get them. */
import { pino } from 'pino'
import type { LogLine } from '../../client/api.ts'
import type { Clock } from '../../core/clock.ts'
import type { LogFields, Logger } from '../../core/logger.ts'
import { LEVELS, type AnyLevel } from '../../core/log-filter.ts'
import { fieldsOfCurrentRequest } from '../../core/request-trace.ts'
import type { LogFilter, LogLevelOperations } from '../../gateway/control/log-operations.ts'
import { createLevelSwitch } from './level-switch.ts'
import type { LogLevels } from './levels.ts'
import type { LogSink } from './log-sink.ts'
import { createLogTail } from './log-tail.ts'
import { plainFields } from './plain-fields.ts'

/** Its parts are named without it. */
const ROOT = 'node'

export interface LoggingComponents {
  readonly clock: Clock
  readonly sinks: readonly LogSink[]
}

export interface Logging {
  /** Speaks for the component `node`. */
  readonly logger: Logger
  /** For the one line before the process ends against its will. */
  fatal(message: string, fields?: LogFields): void
  /**
   * Kept lines that fit `filter`, then new ones while it follows. A follower may ask for a lower
   * level than the node keeps: it alone gets those lines.
   */
  lines(filter: LogFilter, signal: AbortSignal): AsyncGenerator<LogLine>
  /** What is in force, and how to switch it while the node runs. */
  readonly levels: LogLevelOperations
  /** Brings out what is buffered, at once. */
  flush(): void
  close(): void
}

export function createLogging({ clock, sinks }: LoggingComponents, configured: LogLevels): Logging {
  const tail = createLogTail()
  const levels = createLevelSwitch({ clock }, configured)
  // pino hands a line over before `log` returns, so that one variable is enough to say whose it is.
  let kept = true
  const lines = createPino(clock, (line) => {
    if (kept) for (const sink of sinks) sink.write(line)
    tail.add(line, kept)
  })

  function createLogger(component: string): Logger & { fatal: Logger['error'] } {
    let threshold = 0
    let version = -1
    let speaker: pino.Logger | undefined
    levels.met(component)
    const keeps = (level: AnyLevel): boolean => {
      if (version !== levels.version) {
        version = levels.version
        threshold = levels.thresholdOf(component)
      }
      return LEVELS[level] >= threshold
    }
    const log =
      (level: AnyLevel) =>
      (message: string, fields: LogFields = {}) => {
        const keep = keeps(level)
        if (!keep && !tail.wants(component, level)) return
        speaker ??= lines.child({ component })
        kept = keep
        speaker[level]({ fields: plainFields({ ...fields, ...fieldsOfCurrentRequest() }) }, message)
      }
    return {
      trace: log('trace'),
      debug: log('debug'),
      info: log('info'),
      warn: log('warn'),
      error: log('error'),
      fatal: log('fatal'),
      wants: (level) => keeps(level) || tail.wants(component, level),
      child: (part) => createLogger(component === ROOT ? part : `${component}:${part}`)
    }
  }

  const logger = createLogger(ROOT)
  return {
    logger,
    fatal: logger.fatal,
    lines: (filter, signal) => tail.lines(filter, signal),
    levels,
    flush() {
      for (const sink of sinks) sink.flush()
    },
    close() {
      levels.close()
      for (const sink of sinks) sink.close()
    }
  }
}

function createPino(clock: Clock, write: (line: string) => void): pino.Logger {
  return pino(
    {
      base: null,
      level: 'trace',
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (level) => ({ level }) }
    },
    { write }
  )
}
