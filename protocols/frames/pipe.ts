/** The only code that touches a raw libp2p stream: frames in and out, every failure a LumosError. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Defer } from '../../core/turn.ts'
import { END_MARK, LENGTH_BYTES } from './constants.ts'
import { startDeadline } from './deadline.ts'
import { FrameDecoder } from './decoder.ts'
import type { RawMessage, RawStream } from './raw-stream.ts'
import { TurnShare } from './turn-share.ts'

/** Told what arrives, synchronously and in order, until `failed`, or `ended` and what follows it. */
export interface FrameSink {
  /** May be a view of a larger buffer: copy what must outlive the call by long. */
  frame(frame: Uint8Array): void
  /** `writable` has become true again. */
  drained(): void
  /** The peer said that nothing follows; writing is still possible. */
  ended(): void
  /** The stream is unusable: a LumosError, or the reason given to `abort`. */
  failed(error: Error): void
}

export interface FramePipe {
  /** Authenticated by the connection's handshake. */
  readonly peer: PeerIdText
  /** `relay`: limited in bytes and time by a relay's operator. */
  readonly path: 'direct' | 'relay'
  /** Which side opened the stream. */
  readonly direction: 'inbound' | 'outbound'
  /** Bytes handed over while this is false pile up in memory; wait for `drained`. */
  readonly writable: boolean
  /** Begins delivery. Once only. */
  receive(sink: FrameSink): void
  /** Sends whole frames, as FrameBatch makes them. Does nothing once the pipe is closed. */
  send(frames: Uint8Array): void
  /** Stops delivery at once, and the peer as soon as its window is used up. */
  pause(): void
  resume(): void
  /** Says that nothing follows. Resolves when that was written or the stream has failed. */
  end(): Promise<void>
  /** Ends in both directions: a peer that does not end its side in time is cut off. */
  close(): Promise<void>
  /** Breaks the stream; the peer sees a truncation. */
  abort(reason: Error): void
}

export interface FramePipeInit {
  readonly peer: PeerIdText
  readonly path: 'direct' | 'relay'
  readonly direction: 'inbound' | 'outbound'
}

export interface FramePipeComponents {
  readonly clock: Clock
  readonly defer: Defer
}

/** Wraps `stream`, which nobody else may touch from now on. */
export function createFramePipe(
  components: FramePipeComponents,
  stream: RawStream,
  init: FramePipeInit
): FramePipe {
  return new RawFramePipe(components, stream, init)
}

const END_FRAME = new Uint8Array(LENGTH_BYTES)
new DataView(END_FRAME.buffer).setUint32(0, END_MARK)

class RawFramePipe implements FramePipe {
  readonly peer: PeerIdText
  readonly path: 'direct' | 'relay'
  readonly direction: 'inbound' | 'outbound'
  readonly #clock: Clock
  readonly #defer: Defer
  readonly #stream: RawStream
  readonly #decoder = new FrameDecoder(LIMITS.frameBytes.value)
  /** Chunks that arrived while delivery was paused, at most what the muxer's window lets through. */
  #chunks: Uint8Array[] = []
  #sink: FrameSink | undefined
  #paused = false
  readonly #share: TurnShare
  /** Had its share of the turn: the rest waits for the next one. */
  #resting = false
  #delivering = false
  /** The raw stream will deliver nothing more. */
  #inputOver = false
  #inputDone = false
  #closeError: Error | undefined
  #endSent = false
  #failure: Error | undefined
  #cancelStall: (() => void) | undefined
  readonly #inputEnd = Promise.withResolvers<void>()

  constructor(
    { clock, defer }: FramePipeComponents,
    stream: RawStream,
    { peer, path, direction }: FramePipeInit
  ) {
    this.peer = peer
    this.path = path
    this.direction = direction
    this.#clock = clock
    this.#defer = defer
    this.#share = new TurnShare(clock)
    this.#stream = stream
  }

  get #failed(): boolean {
    return this.#failure !== undefined
  }

  get #held(): boolean {
    return this.#paused || this.#resting
  }

  get writable(): boolean {
    return !this.#failed && !this.#endSent && !this.#stream.writableNeedsDrain
  }

  receive(sink: FrameSink): void {
    if (this.#sink !== undefined) throw new TypeError('a pipe has one receiver')
    this.#sink = sink
    // Whoever wrote before it listened is told now: nothing else would ever tell it.
    const failure = this.#failure
    if (failure !== undefined) queueMicrotask(() => sink.failed(failure))
    const stream = this.#stream
    stream.addEventListener('drain', () => this.#onDrain())
    stream.addEventListener('end', () => this.#onInputOver())
    stream.addEventListener('close', ({ error }) => this.#onClose(error))
    // Last, because libp2p delivers what is already buffered when this listener is added.
    stream.addEventListener('message', (event) => this.#onMessage(event))
    // What happened before the listeners were there is not told again.
    const over = stream.readableEnded || (stream.status !== 'open' && stream.status !== 'closing')
    if (over && stream.readBufferLength === 0) queueMicrotask(() => this.#onInputOver())
  }

  send(frames: Uint8Array): void {
    if (this.#failed || this.#endSent) return
    try {
      if (!this.#stream.send(frames)) this.#watchStall()
    } catch (cause) {
      this.#fail(new LumosError('STREAM_TRUNCATED', { cause }))
    }
  }

  pause(): void {
    if (this.#paused) return
    this.#paused = true
    // libp2p re-opens the window after dispatching, which would undo a pause from within.
    queueMicrotask(() => this.#applyPause())
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    queueMicrotask(() => this.#applyResume())
  }

  async end(): Promise<void> {
    if (this.#failed || this.#endSent) return
    this.send(END_FRAME)
    this.#endSent = true
    const idleMs = LIMITS.streamClose.value
    // Without a signal this never returns when the peer does not read.
    const deadline = startDeadline(this.#clock, idleMs)
    try {
      await this.#stream.close({ signal: deadline.signal })
    } catch (cause) {
      this.#fail(new LumosError('WRITE_STALLED', { cause, details: { idleMs } }))
    } finally {
      deadline.cancel()
    }
  }

  async close(): Promise<void> {
    await this.end()
    if (this.#inputDone) return
    // Both ends must close before a muxer forgets a stream, and this peer may never do so.
    const cancel = this.#clock.after(LIMITS.streamClose.value, () =>
      this.abort(new LumosError('STREAM_IDLE', { details: { idleMs: LIMITS.streamClose.value } }))
    )
    await this.#inputEnd.promise
    cancel()
  }

  abort(reason: Error): void {
    this.#fail(reason)
  }

  #onMessage({ data }: RawMessage): void {
    if (this.#failed) return
    if (data instanceof Uint8Array) this.#chunks.push(data)
    else for (const chunk of data) this.#chunks.push(chunk)
    this.#deliver()
  }

  #deliver(): void {
    // A sink that resumes from within `frame` must not deliver out of order.
    if (this.#delivering) return
    this.#delivering = true
    this.#share.enter()
    try {
      this.#deliverChunks()
    } catch (error) {
      this.#fail(error instanceof LumosError ? error : new LumosError('INTERNAL', { cause: error }))
    } finally {
      this.#delivering = false
      this.#share.leave()
    }
  }

  #deliverChunks(): void {
    for (;;) {
      while (!this.#held && !this.#failed) {
        const frame = this.#decoder.next()
        if (frame === undefined) break
        if (this.#share.count(frame.length) === 1) this.#defer(() => this.#nextTurn())
        this.#sink?.frame(frame)
        if (this.#share.isUsedUp) this.#rest()
      }
      if (this.#held || this.#failed) return
      const chunk = this.#chunks.shift()
      if (chunk === undefined) break
      this.#decoder.push(chunk)
    }
    this.#settleInput()
  }

  /** One peer's frames must not keep those of the others from being read. */
  #rest(): void {
    this.#resting = true
    queueMicrotask(() => this.#applyPause())
  }

  #nextTurn(): void {
    this.#share.renew()
    if (!this.#resting) return
    this.#resting = false
    this.#applyResume()
  }

  /** Reports the end once everything before it was delivered. */
  #settleInput(): void {
    if (this.#inputDone || this.#failed) return
    const over = this.#inputOver || this.#decoder.ended
    if (!over) return
    if (!this.#decoder.ended) {
      this.#fail(new LumosError('STREAM_TRUNCATED', { cause: this.#closeError }))
      return
    }
    this.#inputDone = true
    this.#inputEnd.resolve()
    this.#sink?.ended()
  }

  #onInputOver(): void {
    this.#inputOver = true
    this.#deliver()
  }

  #onClose(error: Error | undefined): void {
    this.#cancelStall?.()
    if (error !== undefined) {
      if (this.#inputDone && this.#endSent) return
      this.#fail(new LumosError('STREAM_TRUNCATED', { cause: error }))
      return
    }
    // A paused stream may close with data still in its buffer; `end` follows when it was read.
    if (this.#stream.readBufferLength === 0) this.#onInputOver()
  }

  #onDrain(): void {
    this.#cancelStall?.()
    this.#cancelStall = undefined
    if (this.writable) this.#sink?.drained()
  }

  #watchStall(): void {
    const idleMs = LIMITS.streamWriteStall.value
    this.#cancelStall ??= this.#clock.after(idleMs, () =>
      this.#fail(new LumosError('WRITE_STALLED', { details: { idleMs } }))
    )
  }

  #applyPause(): void {
    if (!this.#held || this.#failed) return
    try {
      this.#stream.pause()
    } catch {
      // Closed meanwhile: there is nothing left to stop.
    }
  }

  #applyResume(): void {
    if (this.#held || this.#failed) return
    this.#deliver()
    if (this.#held || this.#failed) return
    try {
      this.#stream.resume()
    } catch {
      this.#onInputOver()
    }
  }

  #fail(error: Error): void {
    if (this.#failed) return
    this.#failure = error
    this.#cancelStall?.()
    this.#chunks = []
    this.#inputEnd.resolve()
    try {
      this.#stream.abort(error)
    } catch {
      // Already closed: aborting was only a courtesy.
    }
    if (!this.#inputDone || !this.#endSent) this.#sink?.failed(error)
  }
}
