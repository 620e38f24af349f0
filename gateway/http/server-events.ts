/** Server-sent events that wait for slow readers, say that they are alive, and end when nobody listens. */
import type { ServerResponse } from 'node:http'
import type { Clock } from '../../core/clock.ts'
import type { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { refusalIn } from './credential-watch.ts'
import type { HttpRequest } from './request.ts'

export interface ServerEvent {
  /** What the reader sends as Last-Event-ID to go on behind it. */
  readonly id?: string
  /** What readers that listen for kinds of events know it by. */
  readonly event?: string
  readonly data: string
}

export interface SendOptions {
  readonly clock: Clock
  /** The last event for a reader that is not let in any more; without it, the stream is cut. */
  readonly tell?: (refusal: LumosError) => ServerEvent
}

/**
 * Writes `events` as they come. The headers go out with the first one, so that what fails before it
 * is answered like any other failure: that error is thrown. A reader that does not read for
 * LIMITS.gatewayStall is cut.
 */
export async function sendEvents(
  { response, signal }: Pick<HttpRequest, 'response' | 'signal'>,
  events: AsyncIterable<ServerEvent>,
  { clock, tell }: SendOptions
): Promise<void> {
  let beat: (() => void) | undefined
  try {
    for await (const event of events) {
      beat?.()
      if (!response.headersSent) begin(response)
      const isFree = response.write(framed(event))
      if (!isFree && !(await drained(response, clock))) return
      beat = heartbeat(response, clock)
    }
    if (!response.headersSent) begin(response)
    response.end()
  } catch (error) {
    const refusal = response.headersSent ? refusalIn(signal) : undefined
    if (refusal === undefined || error !== refusal || tell === undefined) throw error
    response.end(framed(tell(refusal)))
  } finally {
    beat?.()
  }
}

function framed({ id, event, data }: ServerEvent): string {
  const place = id === undefined ? '' : `id: ${id}\n`
  return `${place}${event === undefined ? '' : `event: ${event}\n`}data: ${data}\n\n`
}

function begin(response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    // nginx would gather the events otherwise.
    'x-accel-buffering': 'no'
  })
}

/** Says so again and again until the returned function is called. */
function heartbeat(response: ServerResponse, clock: Clock): () => void {
  let cancel = clock.after(LIMITS.gatewayHeartbeat.value, beat)
  function beat(): void {
    if (!response.writableNeedDrain) response.write(': alive\n\n')
    cancel = clock.after(LIMITS.gatewayHeartbeat.value, beat)
  }
  return () => cancel()
}

/** False when the reader is gone, or reads nothing. */
function drained(response: ServerResponse, clock: Clock): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false)
  return new Promise((resolve) => {
    const cancel = clock.after(LIMITS.gatewayStall.value, () => response.destroy())
    function settle(): void {
      cancel()
      response.off('drain', settle)
      response.off('close', settle)
      resolve(!response.destroyed)
    }
    response.on('drain', settle)
    response.on('close', settle)
  })
}
