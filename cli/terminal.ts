/** The process's streams as the commands see them; tests put texts in their place. */
import type { Duplex, Readable } from 'node:stream'
import type { WriteStream } from 'node:tty'
import type { Clock } from '../core/clock.ts'
import { LumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Secret } from '../core/secret.ts'
import type { LineReader } from './line-reader.ts'
import type { Screen, ScreenEvents } from './top/screen.ts'

export interface Sink {
  write(text: string): void
  readonly isTerminal: boolean
  /** Width now; a terminal can be resized at any moment. */
  columns(): number
  /** Height, likewise. */
  rows(): number
}

interface Input {
  readonly isTerminal: boolean
  /** All of it, as text. */
  readAll(): Promise<string>
  /** What a person types up to Enter; `undefined` at the end of the input. */
  readLine(signal: AbortSignal): Promise<string | undefined>
  /** What is not to be seen on the screen; `undefined` when nobody is there, or they leave. */
  readSecret(question: string): Promise<Secret<string> | undefined>
  /** For a command that reads on and on; nothing else may read meanwhile. */
  openLines(): Promise<LineReader>
}

export interface Terminal {
  readonly out: Sink
  readonly err: Sink
  readonly input: Input
  /** For a command that may wait long without a word: hears of a reader that goes meanwhile. */
  watchReader(): Promise<void>
  /** Joins stdin and stdout with `stream` until stdin ends. Fails with DAEMON_STOPPED when the stream does. */
  connect(stream: Duplex): Promise<void>
  /** For a command that fills the screen; only where stdout is a terminal. */
  openScreen(clock: Clock, events: ScreenEvents): Promise<Screen>
}

const DEFAULT_COLUMNS = 80
const DEFAULT_ROWS = 24

interface ProcessStreams {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: WriteStream
  readonly stderr: WriteStream
}

/** `onClosed` hears once that the reader of stdout has gone (`lumos logs | head`). */
export function createTerminal(streams: ProcessStreams, onClosed: () => void): Terminal {
  const out = createSink(streams.stdout, onClosed)
  return {
    out,
    err: createSink(streams.stderr, () => {}),
    input: {
      isTerminal: streams.stdin.isTTY === true,
      readAll: () => readAll(streams.stdin),
      readLine: (signal) => readLine(streams.stdin, signal),
      async readSecret(question) {
        const { askSecret } = await import('../core/ask-secret.ts')
        return askSecret({ input: streams.stdin, output: streams.stderr }, question)
      },
      async openLines() {
        // Few commands talk: no other one should load it.
        const { createLineReader } = await import('./line-reader.ts')
        return createLineReader({ input: streams.stdin, output: streams.stderr })
      }
    },
    async watchReader() {
      const { watchReader } = await import('./reader-watch.ts')
      watchReader(onClosed)
    },
    async connect(stream) {
      const { bridge } = await import('./stream-bridge.ts')
      await bridge(stream, streams.stdin, streams.stdout)
    },
    async openScreen(clock, events) {
      const [{ TerminalScreen }, { processJobs }] = await Promise.all([
        import('./top/screen.ts'),
        import('./top/jobs.ts')
      ])
      const { stdin: input, stdout } = streams
      const onResize = (handler: () => void): (() => void) => {
        stdout.on('resize', handler)
        return () => stdout.off('resize', handler)
      }
      const parts = { clock, jobs: processJobs }
      return new TerminalScreen({ input, output: out, onResize }, parts, events)
    }
  }
}

function createSink(stream: WriteStream, onClosed: () => void): Sink {
  let closed = false
  stream.on('error', () => {
    if (closed) return
    closed = true
    onClosed()
  })
  return {
    write(text) {
      if (!closed) stream.write(text)
    },
    isTerminal: stream.isTTY,
    columns: () => stream.columns || DEFAULT_COLUMNS,
    rows: () => stream.rows || DEFAULT_ROWS
  }
}

async function readAll(stream: Readable): Promise<string> {
  const limit = LIMITS.messageBytes.value
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > limit) throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes, limit } })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The terminal itself edits the line, so that Ctrl-C stays the signal that it is everywhere else. */
async function readLine(input: Readable, signal: AbortSignal): Promise<string | undefined> {
  // Few commands ask anything: no other one should load it.
  const { createInterface } = await import('node:readline')
  const lines = createInterface({ input, terminal: false, signal })
  try {
    for await (const line of lines) return line
    signal.throwIfAborted()
    return undefined
  } finally {
    lines.close()
    // Otherwise the process would wait for more.
    input.pause()
  }
}
