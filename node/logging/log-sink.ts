/** Where finished log lines go. */

export interface LogSink {
  /** `line` is one JSON document with its newline. Never throws, never waits. */
  write(line: string): void
  /** Brings out what is buffered, at once: the process may be about to end. */
  flush(): void
  close(): void
}
