/** The process that a daemon lives in, narrowed to what it uses. */
import { execFile } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { closeSync, fstatSync, statSync, writeSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Environment } from '../../core/paths.ts'

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** What a shell reports for a process that a signal ended: 128 + its number. */
export const SIGNAL_EXIT: Readonly<Record<StopSignal, number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143
}

export interface DaemonHost {
  readonly pid: number
  readonly env: Environment
  readonly stdout: Writable
  readonly stderr: Writable & { readonly isTTY?: boolean }
  /** Whether the stream of that name already is the file at `path`, as `lumos up` arranges it. */
  writesTo(stream: 'stdout' | 'stderr', path: string): boolean
  /** The returned function stops listening. */
  onSignal(handler: (signal: StopSignal) => void): () => void
  /** What nobody caught. The returned function stops listening. */
  onDefect(handler: (error: unknown, kind: 'exception' | 'rejection') => void): () => void
  /** Writes one line to a file descriptor that the parent process reads, and closes it. */
  tell(fd: number, line: string): void
  /** Runs a program to its end. */
  run(program: string, args: readonly string[], timeoutMs: number): Promise<void>
  /** Share of the time since the last call in which the event loop was busy, and memory in use now. */
  activity(): { readonly busy: number; readonly rssBytes: number }
  /** Gives memory that is no longer in use back to the system; takes 0.1 s, with 100 MB of heap up to 0.5. */
  releaseMemory(): void
  /** Ends the process now. */
  exit(code: number): void
}

export function createProcessHost(): DaemonHost {
  collectWithoutHelp()
  collectInTime()
  compileInLittleMemory()
  let before = performance.eventLoopUtilization()
  // Without a listener, a reader that left (EPIPE) would end the process.
  process.stdout.on('error', ignore)
  return {
    pid: process.pid,
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    writesTo: (stream, path) => isSameFile(stream === 'stdout' ? 1 : 2, path),
    onSignal(handler) {
      const signals: StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
      for (const signal of signals) process.on(signal, handler)
      return () => {
        for (const signal of signals) process.off(signal, handler)
      }
    },
    onDefect(handler) {
      const exception = (error: unknown): void => handler(error, 'exception')
      const rejection = (error: unknown): void => handler(error, 'rejection')
      process.on('uncaughtException', exception)
      process.on('unhandledRejection', rejection)
      return () => {
        process.off('uncaughtException', exception)
        process.off('unhandledRejection', rejection)
      }
    },
    tell,
    run: (program, args, timeout) =>
      new Promise((resolve, reject) => {
        execFile(program, args, { timeout }, (error) => (error ? reject(error) : resolve()))
      }),
    activity() {
      const now = performance.eventLoopUtilization()
      const { utilization: busy } = performance.eventLoopUtilization(now, before)
      before = now
      return { busy, rssBytes: process.memoryUsage.rss() }
    },
    releaseMemory,
    exit: (code) => process.exit(code)
  }
}

/**
 * Young objects are collected by the main thread alone: the threads that V8 lets help it take 45 µs
 * of the 390 that a task costs two cores, and make the main thread no quicker (measured).
 */
export function collectWithoutHelp(): void {
  setFlagsFromString('--no-parallel-scavenge')
}

/**
 * Per cent that the old generation may grow by between two full collections. V8 lets it grow fourfold where
 * there is much memory, and dead objects there keep native memory that glibc does not give back afterwards:
 * after 5,000 chats 466 MB, at rest 273, with 60 % 300 and 230 for 2.7 % of CPU; 20 % costs 15 (measured).
 */
const HEAP_GROWTH = 60

function collectInTime(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`)
}

/**
 * The parser of undici is one function of 34 kB of WebAssembly. To unroll its loops takes 23 MB rather than 12,
 * of which a node keeps 10, and makes no call cheaper (measured).
 */
function compileInLittleMemory(): void {
  setFlagsFromString('--no-wasm-loop-unrolling')
}

/**
 * V8 sizes its heap for the busiest moment, and collects in full only under pressure, which rest never brings.
 * What starting compiled goes as well: 5 MB; what is still needed is compiled again when it is called.
 * Stops everything for one collection (50 ms for 70 MB of heap), which wakes the reducer of V8: it collects bit
 * by bit within ten seconds what only emptied functions held, and gives the pages back. To ask for all of that
 * at once takes four collections in a row and ends with as little (measured: 137 MB of RSS both ways).
 */
export function releaseMemory(): void {
  setFlagsFromString('--expose-gc')
  setFlagsFromString('--flush-baseline-code')
  setFlagsFromString('--stress-flush-code')
  try {
    runInNewContext('gc()')
  } finally {
    setFlagsFromString('--no-stress-flush-code')
    setFlagsFromString('--no-flush-baseline-code')
  }
}

function ignore(): void {}

function isSameFile(fd: number, path: string): boolean {
  try {
    const [open, named] = [fstatSync(fd), statSync(path)]
    return open.ino === named.ino && open.dev === named.dev
  } catch {
    return false
  }
}

/** A parent that does not wait any more (EPIPE), or never opened the descriptor, loses nothing. */
function tell(fd: number, line: string): void {
  try {
    writeSync(fd, line)
    closeSync(fd)
  } catch {
    return
  }
}
