/** Pairs of raw streams in memory, with the habits of libp2p 3 that the frame layer must survive. */
import type { RawMessage, RawStream } from '../../protocols/frames/raw-stream.ts'

export interface RawPairInit {
  /** Bytes on their way to a reader before `send` asks to wait for `drain`. */
  readonly window?: number
  /** Cuts what is sent into the chunks that arrive. */
  readonly cut?: (data: Uint8Array) => readonly Uint8Array[]
}

type Listener = (event: RawMessage & { readonly error?: Error }) => void

const NO_DATA = { data: new Uint8Array() }

export class FakeRawStream implements RawStream {
  writableNeedsDrain = false
  /** Everything ever handed to `send`. */
  readonly written: Uint8Array[] = []
  readonly #window: number
  readonly #cut: (data: Uint8Array) => readonly Uint8Array[]
  readonly #listeners = new Map<string, Listener[]>()
  #other: FakeRawStream | undefined
  #buffer: Uint8Array[] = []
  #paused = false
  #open = true
  #writeClosed = false
  #remoteClosed = false
  #endSaid = false
  #scheduled = false

  constructor({ window = 1024 * 1024, cut = (data) => [data] }: RawPairInit) {
    this.#window = window
    this.#cut = cut
  }

  static pair(init: RawPairInit = {}): [FakeRawStream, FakeRawStream] {
    const pair: [FakeRawStream, FakeRawStream] = [new FakeRawStream(init), new FakeRawStream(init)]
    pair[0].#other = pair[1]
    pair[1].#other = pair[0]
    return pair
  }

  get open(): boolean {
    return this.#open
  }

  get status(): string {
    return this.#open ? 'open' : 'closed'
  }

  get readableEnded(): boolean {
    return this.#endSaid
  }

  get readBufferLength(): number {
    return this.#buffer.reduce((bytes, { length }) => bytes + length, 0)
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener])
    if (type === 'message') this.#schedule()
  }

  send(data: Uint8Array): boolean {
    if (!this.#open || this.#writeClosed) throw new Error('cannot write to a closed stream')
    this.written.push(data.slice())
    this.#other?.receive(data.slice())
    this.writableNeedsDrain = (this.#other?.readBufferLength ?? 0) > this.#window
    return !this.writableNeedsDrain
  }

  receive(data: Uint8Array): void {
    if (!this.#open) return
    this.#buffer.push(...this.#cut(data))
    this.#schedule()
  }

  /** As libp2p: waits until what was written has left, and for ever if the peer does not read. */
  async close({ signal }: { signal: AbortSignal }): Promise<void> {
    if (this.#writeClosed) return
    this.#writeClosed = true
    while (this.writableNeedsDrain && this.#open) {
      signal.throwIfAborted()
      await new Promise<void>((resolve, reject) => {
        this.addEventListener('drain', () => resolve())
        this.addEventListener('close', () => resolve())
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    }
    this.#other?.remoteClose()
    this.#closeIfDone()
  }

  remoteClose(): void {
    this.#remoteClosed = true
    this.#schedule()
    this.#closeIfDone()
  }

  abort(error: Error): void {
    if (!this.#open) return
    this.#shut(error)
    this.#other?.reset()
  }

  reset(): void {
    this.#shut(new Error('reset by the peer'))
  }

  /** The process at the other end died: libp2p reports a close without any error. */
  die(): void {
    for (const end of [this, this.#other]) end?.vanish()
  }

  vanish(): void {
    if (!this.#open) return
    this.#open = false
    this.#emit('close', NO_DATA)
  }

  /** Nothing gets through from here on and nobody is told: a pulled cable. */
  freeze(): void {
    const other = this.#other
    this.#other = undefined
    other?.freeze()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#deliver()
    })
  }

  #deliver(): void {
    if (this.#paused || !this.#listeners.has('message')) return
    const data = this.#buffer
    this.#buffer = []
    if (data.length > 0) {
      this.#other?.drain()
      this.#emit('message', { data: data.length === 1 && data[0] ? data[0] : data })
    }
    if (!this.#remoteClosed || this.#endSaid || this.#buffer.length > 0) return
    this.#endSaid = true
    this.#emit('end', NO_DATA)
  }

  drain(): void {
    if (!this.writableNeedsDrain) return
    this.writableNeedsDrain = false
    this.#emit('drain', NO_DATA)
  }

  #closeIfDone(): void {
    if (!this.#writeClosed || !this.#remoteClosed || !this.#open) return
    this.#open = false
    this.#emit('close', NO_DATA)
  }

  #shut(error: Error): void {
    if (!this.#open) return
    this.#open = false
    this.#buffer = []
    this.#emit('close', { ...NO_DATA, error })
  }

  #emit(type: string, event: RawMessage & { readonly error?: Error }): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event)
  }
}
