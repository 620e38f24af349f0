/** A framed stream for code that pulls: an async iterable to read, a promise to write. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { FrameBatch } from './batch.ts'
import type { FramePipe, FrameSink } from './pipe.ts'

export interface FrameStream {
  readonly pipe: Pick<FramePipe, 'peer' | 'path' | 'direction'>
  /**
   * Frames until the peer's end mark. One reader at a time; leaving the loop early breaks the
   * stream. Throws what broke it: a LumosError, or the reason of an aborted signal.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array>
  /** Resolves when the peer has taken enough for more to be sent. */
  write(frame: Uint8Array): Promise<void>
  /** Says that no frame follows; reading goes on. */
  end(): Promise<void>
  /** Ends both ways within LIMITS.streamClose. */
  close(): Promise<void>
  abort(reason: Error): void
}

export interface FrameStreamInit {
  /** Aborting breaks the stream at any time. */
  readonly signal?: AbortSignal
  /** Longest silence while a frame is awaited. Default: LIMITS.streamIdle. */
  readonly idleMs?: number
}

export function createFrameStream(
  components: { readonly clock: Clock },
  pipe: FramePipe,
  init: FrameStreamInit = {}
): FrameStream {
  return new PulledFrames(components.clock, pipe, init)
}

type Waiter<T> = PromiseWithResolvers<T>

class PulledFrames implements FrameStream, FrameSink {
  readonly pipe: FramePipe
  readonly #clock: Clock
  readonly #idleMs: number
  readonly #batch = new FrameBatch()
  #queue: Uint8Array[] = []
  #queueBytes = 0
  #reader: Waiter<void> | undefined
  #writers: Waiter<void>[] = []
  #ended = false
  #endSaid = false
  #error: Error | undefined
  #forgetSignal: (() => void) | undefined

  constructor(clock: Clock, pipe: FramePipe, { signal, idleMs }: FrameStreamInit) {
    this.#clock = clock
    this.pipe = pipe
    this.#idleMs = idleMs ?? LIMITS.streamIdle.value
    this.#watch(signal)
    pipe.receive(this)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, undefined> {
    let whole = false
    try {
      for (;;) {
        const frame = this.#queue.shift()
        if (frame !== undefined) {
          this.#queueBytes -= frame.length
          if (this.#queueBytes <= LIMITS.frameQueueBytes.value / 2) this.pipe.resume()
          yield frame
        } else if (this.#error === undefined && !this.#ended) {
          await this.#nextFrame()
        } else {
          whole = true
          if (this.#error !== undefined) throw this.#error
          return
        }
      }
    } finally {
      if (!whole) this.abort(new LumosError('CANCELLED'))
    }
  }

  async write(frame: Uint8Array): Promise<void> {
    if (frame.length > LIMITS.frameBytes.value) {
      throw new LumosError('FRAME_TOO_LARGE', {
        details: { bytes: frame.length, limit: LIMITS.frameBytes.value }
      })
    }
    if (this.#endSaid) throw new TypeError('a frame after the end')
    while (!this.pipe.writable) await this.#drain()
    const at = this.#batch.reserve(frame.length)
    this.#batch.bytes.set(frame, at)
    const bytes = this.#batch.take()
    if (bytes !== undefined) this.pipe.send(bytes)
    if (this.#error !== undefined) throw this.#error
  }

  end(): Promise<void> {
    this.#endSaid = true
    return this.pipe.end()
  }

  async close(): Promise<void> {
    this.#endSaid = true
    await this.pipe.close()
    this.#forgetSignal?.()
  }

  abort(reason: Error): void {
    this.pipe.abort(reason)
    // The pipe stays silent when both ends had closed already; waiters must not hang then.
    this.failed(reason)
  }

  frame(frame: Uint8Array): void {
    this.#queue.push(frame)
    this.#queueBytes += frame.length
    if (this.#queueBytes > LIMITS.frameQueueBytes.value) this.pipe.pause()
    this.#reader?.resolve()
  }

  drained(): void {
    const writers = this.#writers
    this.#writers = []
    for (const writer of writers) writer.resolve()
  }

  ended(): void {
    this.#ended = true
    this.#reader?.resolve()
  }

  failed(error: Error): void {
    this.#error ??= error
    this.#forgetSignal?.()
    this.#reader?.resolve()
    this.drained()
  }

  async #nextFrame(): Promise<void> {
    if (this.#reader !== undefined) throw new TypeError('a frame stream has one reader')
    const reader = Promise.withResolvers<void>()
    this.#reader = reader
    const idleMs = this.#idleMs
    const cancel = this.#clock.after(idleMs, () =>
      this.abort(new LumosError('STREAM_IDLE', { details: { idleMs } }))
    )
    await reader.promise
    cancel()
    this.#reader = undefined
  }

  async #drain(): Promise<void> {
    if (this.#error !== undefined) throw this.#error
    const writer = Promise.withResolvers<void>()
    this.#writers.push(writer)
    await writer.promise
  }

  #watch(signal: AbortSignal | undefined): void {
    if (signal === undefined) return
    const onAbort = (): void => this.abort(reasonOf(signal))
    if (signal.aborted) queueMicrotask(onAbort)
    else signal.addEventListener('abort', onAbort, { once: true })
    // A long-lived signal must not keep every stream that ever used it.
    this.#forgetSignal = () => signal.removeEventListener('abort', onAbort)
  }
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  return reason instanceof Error ? reason : new LumosError('CANCELLED', { cause: reason })
}
