/** Calls of the control API that tell what happens at the node, as it happens. */
import { fromWireError, LumosError } from '../core/errors.ts'
import { readEvents } from './event-stream.ts'
import type { ServerEvent } from './event-stream.ts'
import type { NodeEvent, Topic } from './live-api.ts'
import type { Placed } from './live.ts'
import { query } from './verbs.ts'
import type { CallOptions, Verbs } from './verbs.ts'

export interface WatchCallOptions extends CallOptions {
  /** `place` of the last event that is known: it goes on behind that. */
  readonly after?: string
}

export interface WatchCalls {
  /** From `after` on, or from now, which begins with `resync`. `alive`: nothing to tell, and the node is there. */
  watch(
    topics: readonly Topic[],
    options?: WatchCallOptions
  ): AsyncGenerator<Placed<NodeEvent> | 'alive'>
}

export function createWatchCalls({ body }: Verbs): WatchCalls {
  return {
    async *watch(topics, { after, ...options } = {}) {
      const path = `/v1/events${query({ topics: topics.join(','), after })}`
      for await (const told of readEvents(body({ method: 'GET', path }, options))) {
        yield told.data === '' ? 'alive' : placedIn(told)
      }
    }
  }
}

function placedIn({ event, id, data }: ServerEvent): Placed<NodeEvent> {
  try {
    const document: unknown = JSON.parse(data)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sent by this user's own daemon; zod stays out of clients
    if (event !== 'error') return { event: document as NodeEvent, place: id }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
    throw fromWireError((document as { error: Parameters<typeof fromWireError>[0] }).error)
  } catch (cause) {
    if (cause instanceof LumosError) throw cause
    throw new LumosError('DAEMON_STOPPED', { cause })
  }
}
