/** What a session has told lately, so that a client whose stream was cut loses nothing. */
import type { EventStore, JSONRPCMessage } from '@modelcontextprotocol/server'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'

interface Told {
  readonly stream: string
  readonly message: JSONRPCMessage
  readonly bytes: number
}

export interface ReplayStore extends EventStore {
  /** Whether a stream can go on behind that event without a gap. */
  has(eventId: string): boolean
}

/** The youngest events of one session, LIMITS.mcpReplayEvents and LIMITS.mcpReplayBytes at most. */
export function createReplayStore(): ReplayStore {
  /** In the order in which they were told; a number is never used again. */
  const told = new Map<string, Told>()
  let last = 0
  let bytes = 0

  function forget(): void {
    for (const [id, event] of told) {
      const fits = told.size <= LIMITS.mcpReplayEvents.value && bytes <= LIMITS.mcpReplayBytes.value
      // The youngest may be larger than all may be together: it is what somebody waits for.
      if (fits || told.size === 1) return
      told.delete(id)
      bytes -= event.bytes
    }
  }

  return {
    has: (eventId) => told.has(eventId),
    async storeEvent(stream, message) {
      last += 1
      const id = String(last)
      const size = JSON.stringify(message).length
      told.set(id, { stream, message, bytes: size })
      bytes += size
      forget()
      return id
    },
    /**
     * Without a pause between the last event and the end: the SDK joins the stream to its new reader right
     * behind it, and what were told in between would be lost.
     */
    async replayEventsAfter(lastEventId, { send }) {
      const from = told.get(lastEventId)
      if (from === undefined) throw new LumosError('INVALID_REQUEST')
      const behind = Number(lastEventId)
      for (const [id, { stream, message }] of told) {
        // An event without a message only tells where the stream begins.
        if (Number(id) <= behind || stream !== from.stream || !('jsonrpc' in message)) continue
        void send(id, message)
      }
      return from.stream
    }
  }
}
