/** The process of a hosted project as the node sees it: lines both ways, its end, its memory. */

/** How to start it. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  /** All that it gets of an environment. */
  readonly env: Readonly<Record<string, string>>
  /** Where the lines travel: a program's stdin and stdout, or a socket of their own as descriptor 3. */
  readonly channel: 'stdio' | 'fd3'
}

export interface ProcessEvents {
  /** A line of the protocol, or on `stdio` whatever was printed. */
  readonly line: (text: string) => void
  readonly printed: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void
  /** Once, last: `exit code 1`, `SIGKILL`, `it cannot be started: …`. */
  readonly gone: (how: string) => void
}

export interface HostProcess {
  readonly pid: number | undefined
  /** What it was told and has not read, in bytes; `undefined` when it is gone. */
  send(line: string): number | undefined
  /** Resolves when it has read enough to be told more, or is gone. */
  room(): Promise<void>
  /** Whether its lines are read; the others wait in the pipe, and then in the process. */
  read(reading: boolean): void
  /** Ends its input: a program that reads lines learns that there are no more. */
  endInput(): void
  /** With all processes that it began, unless they left its group. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
  /** Resident memory; `undefined` where the system does not tell (only Linux does). */
  residentBytes(): number | undefined
}

export type StartProcess = (launch: Launch, events: ProcessEvents) => HostProcess
