/** The whole terminal for one program: its second screen, its keys, and both given back whatever happens. */
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { Clock } from '../../core/clock.ts'
import type { FrameSize } from './frame.ts'
import { createKeyDecoder, type Key, type KeyDecoder } from './keys.ts'

export interface ScreenEvents {
  pressed(key: Key): void
  /** The size is another one, or something else was on the screen. */
  redraw(): void
  /** Nobody can press a key any more. */
  ended(): void
}

export interface Screen {
  size(): FrameSize
  write(text: string): void
  /** Stops the process as Ctrl-Z does, with the terminal as it was before. */
  suspend(): void
  /** Gives the terminal back. */
  close(): void
}

export interface ScreenStreams {
  readonly input: Readable & {
    readonly isTTY?: boolean
    setRawMode?(raw: boolean): unknown
  }
  readonly output: {
    write(text: string): void
    columns(): number
    rows(): number
  }
  /** Calls at each new size of the terminal; returns what ends that. */
  readonly onResize: (handler: () => void) => () => void
}

/** What the operating system tells a process, and the other way round. */
export interface Jobs {
  /** Returns what ends it. */
  on(event: 'SIGTSTP' | 'SIGCONT' | 'exit', handler: () => void): () => void
  /** Stops this process and whoever shares its job, as the terminal does. */
  stop(): void
}

/** Second screen, no cursor, long lines are cut and not wrapped. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l'
/** Also ends a frame that was cut short. Cleared: tmux 3.3 mixes the two screens when it was resized meanwhile. */
const LEAVE = '\u001b[?2026l\u001b[0m\u001b[2J\u001b[?7h\u001b[?25h\u001b[?1049l'
/** A process that nobody can continue is not stopped: after this long it goes on by itself. */
const STOP_MS = 100

export interface ScreenComponents {
  readonly clock: Clock
  readonly jobs: Jobs
}

/** Takes the terminal at once. */
export class TerminalScreen implements Screen {
  readonly #streams: ScreenStreams
  readonly #parts: ScreenComponents
  readonly #events: ScreenEvents
  readonly #hasKeys: boolean
  readonly #text = new StringDecoder('utf8')
  readonly #keys: KeyDecoder
  readonly #onData = (chunk: Buffer): void => this.#keys.push(this.#text.write(chunk))
  readonly #onEnd = (): void => this.#events.ended()
  readonly #offs: (() => void)[]
  #offStop: (() => void) | undefined
  #isShown = false
  #isClosed = false

  constructor(streams: ScreenStreams, parts: ScreenComponents, events: ScreenEvents) {
    const { input, onResize } = streams
    this.#streams = streams
    this.#parts = parts
    this.#events = events
    this.#hasKeys = input.isTTY === true
    this.#keys = createKeyDecoder(parts.clock, (key) => events.pressed(key))
    this.#enter()
    this.#offs = [
      onResize(() => events.redraw()),
      parts.jobs.on('SIGCONT', () => this.#resume()),
      // Of a crash, too: the terminal is in order before its message is written.
      parts.jobs.on('exit', () => this.#leave())
    ]
    if (!this.#hasKeys) return
    input.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onEnd)
    input.resume()
  }

  size(): FrameSize {
    const { output } = this.#streams
    return { columns: output.columns(), rows: output.rows() }
  }

  write(frame: string): void {
    if (this.#isShown) this.#streams.output.write(frame)
  }

  suspend(): void {
    this.#leave()
    this.#parts.jobs.stop()
    this.#parts.clock.after(STOP_MS, () => this.#resume())
  }

  close(): void {
    this.#isClosed = true
    for (const off of this.#offs) off()
    this.#leave()
    this.#keys.close()
    // The listener of errors stays: a terminal that goes says so late.
    if (this.#hasKeys) this.#streams.input.off('data', this.#onData).off('end', this.#onEnd).pause()
  }

  #enter(): void {
    if (this.#isShown) return
    this.#isShown = true
    this.#streams.output.write(ENTER)
    if (this.#hasKeys) setRaw(this.#streams.input, true)
    this.#offStop = this.#parts.jobs.on('SIGTSTP', () => this.suspend())
  }

  #leave(): void {
    if (!this.#isShown) return
    this.#isShown = false
    this.#offStop?.()
    if (this.#hasKeys) setRaw(this.#streams.input, false)
    this.#streams.output.write(LEAVE)
  }

  /** Whoever continues it may have written on the screen, also when it had been stopped in another way. */
  #resume(): void {
    if (this.#isClosed) return
    if (this.#isShown && this.#hasKeys) setRaw(this.#streams.input, true)
    this.#enter()
    this.#events.redraw()
  }
}

/** Fails when the terminal has gone; then there is nothing to set. */
function setRaw(input: ScreenStreams['input'], raw: boolean): void {
  try {
    input.setRawMode?.(raw)
  } catch {
    // The end of the input tells.
  }
}
