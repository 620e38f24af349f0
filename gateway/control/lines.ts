/** Turns a stream of documents into an NDJSON body that reads no faster than the client does. */
import type { LumosError } from '../../core/errors.ts'
import { abortable } from './abortable.ts'
import { failureDocument } from './failure.ts'

export interface LinesInit {
  /** The first document, perhaps still awaited. */
  readonly first: Promise<IteratorResult<unknown>>
  readonly iterator: AsyncIterator<unknown>
  /** Ends the body; its reason becomes the last line. */
  readonly signal: AbortSignal
  /** Called once, when the body ends in whatever way. */
  readonly ended: () => void
  readonly asFailure: (error: unknown) => LumosError
}

/** A failure in mid-stream is the last line: `{"ok":false,"error":…}`. The stream never errors. */
export function linesBody(init: LinesInit): ReadableStream<Uint8Array> {
  const { iterator, signal, ended, asFailure } = init
  const encoder = new TextEncoder()
  let next: Promise<IteratorResult<unknown>> | undefined = init.first
  const line = (document: unknown): Uint8Array => encoder.encode(`${JSON.stringify(document)}\n`)
  const leave = (): void => {
    ended()
    // Not awaited: a generator that ignores the signal would hold the answer back.
    Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await abortable(next ?? iterator.next(), signal)
          next = undefined
          // Parts below end quietly when the node stops; the client must not take that for the end.
          if (done === true) signal.throwIfAborted()
          else return controller.enqueue(line(value))
        } catch (error) {
          controller.enqueue(line(failureDocument(asFailure(error))))
        }
        leave()
        controller.close()
      },
      cancel: leave
    },
    { highWaterMark: 1 }
  )
}
