/**
 * A libp2p stream that is read as fast as its reader works, and no faster: libp2p's own iteration takes all that comes
 * into a queue without an end.
 */
import type { Stream } from '@libp2p/interface'
import { LIMITS } from '../../core/limits.ts'

/** As much of a stream as is read from. */
export type PulledFrom = Pick<
  Stream,
  | 'addEventListener'
  | 'pause'
  | 'resume'
  | 'readBufferLength'
  | 'readableEnded'
  | 'status'
  | 'abort'
>

type Chunk = Exclude<Parameters<Stream['send']>[0], undefined>

/** Begins to listen at once. Who asks for the next chunk is done with the one before; who reads no more breaks it off. */
export function pulledChunks(stream: PulledFrom): AsyncGenerator<Chunk> {
  const chunks: Chunk[] = []
  /** Bytes, the chunk that is being worked on included. */
  let held = 0
  let isOver = false
  let failure: Error | undefined
  let wake: (() => void) | undefined

  function pause(): void {
    if (held < LIMITS.gossipUnread.value) return
    try {
      stream.pause()
    } catch {
      // Closed meanwhile: there is nothing left to stop.
    }
  }

  function resume(): void {
    try {
      stream.resume()
    } catch {
      isOver = true
    }
  }

  stream.addEventListener('end', () => {
    isOver = true
    wake?.()
  })
  stream.addEventListener('close', ({ error }) => {
    failure = error
    // A paused stream may close with data still in its buffer; `end` follows when it was read.
    isOver ||= stream.readBufferLength === 0
    wake?.()
  })
  // Last, because libp2p delivers what is already buffered when this listener is added.
  stream.addEventListener('message', ({ data }) => {
    chunks.push(data)
    held += data.byteLength
    // libp2p opens the window again after dispatching, which would undo a pause from within.
    queueMicrotask(pause)
    wake?.()
  })
  // What happened before the listeners were there is not told again.
  const isClosed = stream.status !== 'open' && stream.status !== 'closing'
  isOver = (stream.readableEnded || isClosed) && stream.readBufferLength === 0

  async function* read(): AsyncGenerator<Chunk> {
    try {
      for (;;) {
        const chunk = chunks.shift()
        if (chunk !== undefined) {
          yield chunk
          held -= chunk.byteLength
          continue
        }
        if (failure !== undefined) throw failure
        if (isOver) return
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        // May deliver what waited, before it returns.
        resume()
        if (!isOver) await promise
      }
    } finally {
      // Its writer would wait for ever.
      if (!isOver) stream.abort(new Error('what came cannot be read'))
    }
  }

  return read()
}
