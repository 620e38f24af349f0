/** What every part may say to the log; `node/` supplies the real one. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/** Ids, numbers, codes: never prompts, payloads or secrets. */
export type LogFields = Readonly<Record<string, unknown>>

export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** Chattier than `debug`; a logger without it has nobody who wants that. */
  trace?(message: string, fields?: LogFields): void
  /** Whether a line of this level goes anywhere, for who would have to work to make one; a logger without it does not say. */
  wants?(level: LogLevel): boolean
  /** A logger whose lines name a part: `agents`, and below it `agents:echo`. */
  child(part: string): Logger
}

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger
}
