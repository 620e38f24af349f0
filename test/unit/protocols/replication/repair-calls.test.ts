/** Repair through the calls of a session: two replicas end equal, and a peer costs no more than it may. */
import { expect, test, vi } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { createResponder, repair } from '../../../../memory/repair/repair.ts'
import type { Replica } from '../../../../memory/replica/replica.ts'
import { createReplicationClient } from '../../../../protocols/replication/client.ts'
import { REPLICATION_METHODS } from '../../../../protocols/replication/constants.ts'
import type { InTurn, ReplicationPeer } from '../../../../protocols/replication/schema.ts'
import { serveReplication } from '../../../../protocols/replication/server.ts'
import { createServingGate } from '../../../../protocols/replication/serving-gate.ts'
import { createMethods } from '../../../../protocols/session/methods.ts'
import { loopbackSession } from '../../../support/loopback-session.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { fill, rootOf, testReplica } from '../../../support/memory-replicas.ts'

async function setup(wrap: (peer: ReplicationPeer) => ReplicationPeer = (peer) => peer) {
  const clock = new ManualClock()
  const amber = await testReplica({ name: 'amber', clock })
  const birch = await testReplica({ name: 'birch', clock })
  const methods = createMethods(() => undefined)
  const onOffence = vi.fn<(peer: string, error: LumosError) => void>()
  const served = wrap(createResponder(birch))
  serveReplication({
    gate: createServingGate({ clock }),
    methods,
    onOffence,
    find(space) {
      if (space !== birch.space.id) throw new LumosError('SPACE_UNKNOWN', { details: { space } })
      return served
    }
  })
  const session = loopbackSession({ peer: 'birch', methods }, 'amber')
  const stopping = new AbortController()
  const clientOf = (space: string): ReplicationPeer =>
    createReplicationClient({ clock, session }, { space, signal: stopping.signal })
  const client = clientOf(birch.space.id)
  return { clock, amber, birch, client, clientOf, onOffence, session, stopping }
}

async function equal(a: Replica, b: Replica): Promise<boolean> {
  return (await rootOf(a)) === (await rootOf(b))
}

test('two replicas that both wrote end equal', async () => {
  const { amber, birch, client } = await setup()
  await fill(amber, 'a/', 700)
  await fill(birch, 'b/', 300)
  expect(await repair(amber, client)).toMatchObject({ pulled: 300, pushed: 700, equal: true })
  expect(await equal(amber, birch)).toBe(true)
})

test('equal replicas say so in less than 80 bytes', async () => {
  const { amber, client, session } = await setup()
  const request = vi.spyOn(session, 'request')
  expect(await repair(amber, client)).toMatchObject({ equal: true })
  expect(request).toHaveBeenCalledTimes(1)
  const [, body] = request.mock.calls[0] ?? []
  const answer = await request.mock.results[0]?.value
  expect((body?.length ?? 0) + answer.length).toBeLessThan(80)
})

test('a repair that is cut keeps what it moved, and the next one goes on from there', async () => {
  const { amber, birch, client, stopping, clientOf, session } = await setup()
  await fill(birch, 'b/', 1000)
  const receive = vi.spyOn(amber, 'receive')
  const cut = { ...client, pull: cutAfter(client, 2, stopping) }
  await expect(repair(amber, cut)).rejects.toThrow('cut')
  const kept = (await Array.fromAsync(amber.entries({}))).length
  expect(kept).toBe(512)
  expect(receive).toHaveBeenCalledTimes(2)
  const again = createReplicationClient(
    { clock: new ManualClock(), session },
    { space: birch.space.id, signal: new AbortController().signal }
  )
  expect(await repair(amber, again)).toMatchObject({ pulled: 1000 - kept, equal: true })
  await expect(clientOf(birch.space.id).summary()).rejects.toThrow('cut')
})

function cutAfter(peer: ReplicationPeer, batches: number, stopping: AbortController) {
  return async function* (vector: Parameters<ReplicationPeer['pull']>[0]) {
    let left = batches
    for await (const batch of peer.pull(vector)) {
      yield batch
      left -= 1
      if (left === 0) stopping.abort(new Error('the link was cut'))
    }
  }
}

test('a space that the node has not, or does not show, is unknown', async () => {
  const { clientOf } = await setup()
  await expect(clientOf('ab'.repeat(16)).summary()).rejects.toMatchObject({ code: 'SPACE_UNKNOWN' })
})

test('a forged record is refused, held against the peer, and changes nothing', async () => {
  const { amber, birch, client, onOffence } = await setup()
  const { bytes } = await amber.write({ key: 'a', value: Buffer.from('true') })
  const forged = Buffer.from(bytes)
  forged[forged.length - 66] = 0
  const before = await birch.summary()
  const batch = { writer: amber.writer, records: [forged] }
  await expect(client.push(batch)).rejects.toMatchObject({ code: 'RECORD_INVALID' })
  expect(onOffence.mock.calls).toMatchObject([['amber', { code: 'RECORD_INVALID' }]])
  expect(await birch.summary()).toEqual(before)
})

test('a message that is none is held against the peer', async () => {
  const { onOffence, session } = await setup()
  for (const method of [REPLICATION_METHODS.push, REPLICATION_METHODS.summary]) {
    await expect(session.request(method, Buffer.from('hi'))).rejects.toMatchObject({
      code: 'REPAIR_REFUSED'
    })
  }
  const pull = session.stream(REPLICATION_METHODS.pull, Buffer.from('hi'))
  await expect(pull.next()).rejects.toMatchObject({ code: 'REPAIR_REFUSED' })
  expect(onOffence).toHaveBeenCalledTimes(3)
})

test('a peer that floods waits for its tokens, and then is refused', async () => {
  const { clock, client } = await setup()
  let answered = 0
  const burst = LIMITS.memoryServeBurst.value / 8
  for (let call = 0; call < burst; call += 1) await client.summary()
  // In debt from here on: each call waits until the last one is paid.
  const calls = Array.from({ length: LIMITS.memoryCallsPerPeer.value + 1 }, async () => {
    await client.summary()
    answered += 1
  })
  await expect(calls.pop()).rejects.toMatchObject({ code: 'OVERLOADED' })
  await clock.advance(0)
  const atOnce = answered
  expect(atOnce).toBeLessThan(LIMITS.memoryCallsPerPeer.value)
  await clock.advance(10_000)
  await Promise.all(calls)
})

test('a peer that falls silent in the middle of a stream is given up', async () => {
  const { amber, birch, clock, client } = await setup((peer) => ({ ...peer, pull: silent }))
  await fill(birch, 'b/', 3)
  const repaired = repair(amber, client).catch((error: unknown) => error)
  await clock.advance(LIMITS.memoryCall.value + 1)
  expect(await repaired).toMatchObject({ code: 'TIMED_OUT' })
})

function silent(): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) }
}

const atOnce: InTurn = (_, part) => part()

function saying(admit: (statements: readonly Uint8Array[], inTurn: InTurn) => Promise<void>) {
  return setup((peer) => ({ ...peer, admit: (said, inTurn = atOnce) => admit(said, inTurn) }))
}

test('what a peer says of a space costs as much as records, part by part', async () => {
  let admitted = 0
  const part = LIMITS.memoryBatchRecords.value
  const { clock, client } = await saying(async ({ length }, inTurn) => {
    for (let from = 0; from < length; from += part) {
      await inTurn(part, async () => void (admitted += part))
    }
  })
  const all = Array.from({ length: LIMITS.memoryStatements.value }, () => Uint8Array.of(1))
  const calls = Array.from({ length: 10 }, () => client.admit(all))
  await clock.advance(0)
  const burst = LIMITS.memoryServeBurst.value
  expect(admitted).toBeLessThan(burst + 10 * part)
  await clock.advance(((10 * all.length - burst) / LIMITS.memoryServeRate.value) * 2000)
  await Promise.all(calls)
  expect(admitted).toBe(10 * all.length)
})

test('who says what the owner has not signed is told on once', async () => {
  const { client, onOffence } = await saying(async (_, inTurn) => {
    await inTurn(1, async () => {
      throw new LumosError('SPACE_INVALID', { details: { reason: 'forged' } })
    })
  })
  await expect(client.admit([Uint8Array.of(1)])).rejects.toMatchObject({ code: 'SPACE_INVALID' })
  expect(onOffence).toHaveBeenCalledTimes(1)
})
