/** Asks the replica at the other end of a session, in the words of repair. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Session } from '../session/session.ts'
import * as codec from './codec.ts'
import type { Layout } from './codec.ts'
import { REPLICATION_METHODS as METHODS } from './constants.ts'
import type { ReplicationPeer, WireBatch, WireId } from './schema.ts'

export interface ReplicationClientComponents {
  readonly clock: Clock
  readonly session: Pick<Session, 'request' | 'stream'>
}

export interface ReplicationClientInit {
  readonly space: WireId
  /** Ends every call: of the whole repair, not of one call. */
  readonly signal: AbortSignal
}

/**
 * Every call has a deadline; a stream may take as long as its repair, but no message of it longer
 * than any other answer. What a peer sends that is no message is REPAIR_REFUSED.
 */
export function createReplicationClient(
  { clock, session }: ReplicationClientComponents,
  { space, signal }: ReplicationClientInit
): ReplicationPeer {
  const options = { signal, timeoutMs: LIMITS.memoryCall.value }

  async function ask<A, B>(
    method: string,
    [request, answer]: readonly [Layout<A>, Layout<B>],
    value: A
  ): Promise<B> {
    const body = codec.encode(codec.pair(codec.id, request), [space, value])
    return codec.decode(answer, await session.request(method, body, options))
  }

  async function* stream<A>(
    method: string,
    request: Layout<A>,
    value: A
  ): AsyncGenerator<WireBatch> {
    const body = codec.encode(codec.pair(codec.id, request), [space, value])
    const stalled = new AbortController()
    const answers = session.stream(method, body, {
      signal: AbortSignal.any([signal, stalled.signal]),
      timeoutMs: LIMITS.memoryRepair.value
    })
    try {
      for (;;) {
        // Armed only while we wait: the time that we take to store a batch is ours.
        const disarm = clock.after(LIMITS.memoryCall.value, () => stalled.abort(stall()))
        const next = await answers.next().finally(disarm)
        if (next.done === true) return
        yield codec.decode(codec.batch, next.value)
      }
    } finally {
      await answers.return?.()
    }
  }

  return {
    summary: () => ask(METHODS.summary, [codec.nothing, codec.summary], undefined),
    statements: () => ask(METHODS.statements, [codec.nothing, codec.statements], undefined),
    admit: (said) => ask(METHODS.admit, [codec.statements, codec.nothing], said),
    vector: () => ask(METHODS.vector, [codec.nothing, codec.vector], undefined),
    pull: (vector) => stream(METHODS.pull, codec.vector, vector),
    push: (batch) => ask(METHODS.push, [codec.batch, codec.receipt], batch),
    writers: () => ask(METHODS.writers, [codec.nothing, codec.writers], undefined),
    blocks: (writer) => ask(METHODS.blocks, [codec.id, codec.blocks], writer),
    names: (writer, block) =>
      ask(METHODS.names, [codec.pair(codec.id, codec.block), codec.names], [writer, block]),
    records: (writer, names) =>
      stream(METHODS.records, codec.pair(codec.id, codec.names), [writer, names])
  }
}

function stall(): LumosError {
  return new LumosError('TIMED_OUT', { details: { timeoutMs: LIMITS.memoryCall.value } })
}
