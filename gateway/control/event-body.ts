/** Turns what happens into the body of a stream of server-sent events, which reads no faster than its reader does. */
import type { Clock } from '../../core/clock.ts'
import type { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { abortable } from './abortable.ts'
import { failureDocument } from './failure.ts'

export interface PlacedDocument {
  readonly event: object
  /** Its reader gives it back to go on behind it. */
  readonly place: string
}

export interface EventBodyInit {
  readonly events: AsyncIterator<PlacedDocument>
  /** Ends the body; its reason becomes the last event. */
  readonly signal: AbortSignal
  /** Called once, when the body ends in whatever way. */
  readonly ended: () => void
  readonly clock: Clock
  readonly asFailure: (error: unknown) => LumosError
}

/** A comment: readers see that somebody is there, and nothing else. */
const ALIVE = ': alive\n\n'

/** Begins with a comment, so that its reader knows at once that it is listening. */
export function eventBody(init: EventBodyInit): ReadableStream<Uint8Array> {
  const { events, signal, ended, clock, asFailure } = init
  const encoder = new TextEncoder()
  let next: Promise<IteratorResult<PlacedDocument>> | undefined
  const leave = (): void => {
    ended()
    // Not awaited: a generator that ignores the signal would hold the answer back.
    Promise.resolve(events.return?.()).catch(() => undefined)
  }

  async function nextText(): Promise<string | undefined> {
    next ??= events.next()
    const over = new AbortController()
    try {
      const silence = clock.sleep(LIMITS.gatewayHeartbeat.value, over.signal)
      const outcome = await abortable(Promise.race([next, silence]), signal)
      if (typeof outcome === 'boolean') return ALIVE
      next = undefined
      if (outcome.done !== true) return framed(outcome.value)
      // Parts below end quietly when the node stops; the reader must not take that for the end.
      signal.throwIfAborted()
      return undefined
    } finally {
      over.abort()
    }
  }

  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(encoder.encode(ALIVE)),
      async pull(controller) {
        try {
          const text = await nextText()
          if (text !== undefined) return controller.enqueue(encoder.encode(text))
        } catch (error) {
          const { error: told } = failureDocument(asFailure(error))
          const text = `event: error\ndata: ${JSON.stringify({ ok: false, error: told })}\n\n`
          controller.enqueue(encoder.encode(text))
        }
        leave()
        controller.close()
      },
      cancel: leave
    },
    { highWaterMark: 1 }
  )
}

function framed({ event, place }: PlacedDocument): string {
  return `id: ${place}\ndata: ${JSON.stringify(event)}\n\n`
}
