/** Reads one message after the other: from a person, with editing and history, or from a pipe. */
import { createInterface, type Interface, type Key } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { ReadStream } from 'node:tty'

/** What was typed; a pasted text may have many lines. */
export type Line =
  | { readonly type: 'text'; readonly text: string }
  /** Ctrl-C on an empty line. */
  | { readonly type: 'interrupted' }
  /** Ctrl-D, or the end of the pipe. */
  | { readonly type: 'ended' }

export interface LineReader {
  /** One at a time. `prompt` is shown to a person only. Rejects with the signal's reason. */
  read(prompt: string, signal: AbortSignal): Promise<Line>
  /** Gives the terminal back. */
  close(): void
}

/** Messages that the arrow keys bring back; nobody scrolls further. */
const HISTORY = 200
/** Terminals then say where a pasted text begins and ends, so that its lines are one message. */
const PASTE_MARKS_ON = '\u001b[?2004h'
const PASTE_MARKS_OFF = '\u001b[?2004l'

export interface LineStreams {
  readonly input: Readable & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>
  /** Where a person sees the prompt and what they type. */
  readonly output: Writable
}

export function createLineReader({ input, output }: LineStreams): LineReader {
  if (input.isTTY !== true) return createPipeReader(input)
  const lines = createInterface({
    input,
    output,
    terminal: true,
    historySize: HISTORY,
    removeHistoryDuplicates: true
  })
  return new Editor(lines, { input, output })
}

function createPipeReader(input: Readable): LineReader {
  const lines = createInterface({ input, terminal: false })
  const iterator = lines[Symbol.asyncIterator]()
  return {
    async read(_, signal) {
      const { promise: left, reject } = Promise.withResolvers<never>()
      const leave = (): void => reject(signal.reason)
      signal.throwIfAborted()
      signal.addEventListener('abort', leave)
      try {
        const next = await Promise.race([iterator.next(), left])
        return next.done === true ? { type: 'ended' } : { type: 'text', text: next.value }
      } finally {
        signal.removeEventListener('abort', leave)
      }
    },
    close() {
      lines.close()
      // Otherwise the process would wait for more.
      input.pause()
    }
  }
}

/**
 * The terminal is in raw mode only while somebody is asked: between the questions Ctrl-C is the
 * signal that it is everywhere else.
 */
class Editor implements LineReader {
  readonly #lines: Interface
  readonly #streams: LineStreams
  /** Lines of a text that is being pasted, or was and is not sent yet. */
  #pasted: string[] = []
  #pasting = false
  #closed = false
  #waiting: ((line: Line) => void) | undefined
  /** Typed before somebody asked. */
  readonly #early: Line[] = []
  readonly #onKey = (_: unknown, key: Key | undefined): void => {
    if (key?.name === 'paste-start') this.#pasting = true
    if (key?.name === 'paste-end') this.#pasting = false
  }

  constructor(lines: Interface, streams: LineStreams) {
    this.#lines = lines
    this.#streams = streams
    // Before readline's own listener, which would have sent the first pasted line by then.
    streams.input.prependListener('keypress', this.#onKey)
    lines.on('line', (text) => this.#line(text))
    lines.on('SIGINT', () => this.#interrupt())
    lines.on('close', () => {
      this.#closed = true
      this.#say({ type: 'ended' })
    })
    this.#rest()
  }

  async read(prompt: string, signal: AbortSignal): Promise<Line> {
    signal.throwIfAborted()
    const early = this.#early.shift()
    if (early !== undefined) return early
    if (this.#closed) return { type: 'ended' }
    const { promise, resolve, reject } = Promise.withResolvers<Line>()
    const leave = (): void => reject(signal.reason)
    signal.addEventListener('abort', leave)
    this.#waiting = resolve
    this.#streams.input.setRawMode?.(true)
    this.#streams.output.write(PASTE_MARKS_ON)
    this.#lines.setPrompt(prompt)
    this.#lines.prompt()
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', leave)
      this.#waiting = undefined
      this.#rest()
    }
  }

  close(): void {
    this.#streams.input.off('keypress', this.#onKey)
    this.#lines.close()
    this.#streams.input.pause()
  }

  #rest(): void {
    this.#streams.output.write(PASTE_MARKS_OFF)
    if (this.#closed) return
    this.#lines.pause()
    this.#streams.input.setRawMode?.(false)
  }

  #line(text: string): void {
    this.#pasted.push(text)
    if (this.#pasting) return
    const whole = this.#pasted.join('\n')
    this.#pasted = []
    this.#say({ type: 'text', text: whole })
  }

  #interrupt(): void {
    const isEmpty = this.#lines.line === '' && this.#pasted.length === 0
    if (isEmpty) {
      this.#streams.output.write('\n')
      return this.#say({ type: 'interrupted' })
    }
    this.#pasted = []
    this.#pasting = false
    // As shells do: the line is left behind, and a new one begun.
    this.#streams.output.write('^C\n')
    this.#lines.write(null, { ctrl: true, name: 'e' })
    this.#lines.write(null, { ctrl: true, name: 'u' })
    this.#lines.prompt()
  }

  #say(line: Line): void {
    const heard = this.#waiting
    this.#waiting = undefined
    if (heard === undefined) this.#early.push(line)
    else heard(line)
  }
}
