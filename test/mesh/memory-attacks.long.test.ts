/** A member of the swarm that means ill, over real connections: what it sends is refused, and counts against it. */
import { expect, onTestFinished, test } from 'vitest'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { systemClock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import { encodeLiveMessage, spaceTopic } from '../../memory/live/message.ts'
import { encodeRecord, NO_PREVIOUS } from '../../memory/replica/record.ts'
import type { MemoryRecord, RecordBody } from '../../memory/replica/record.ts'
import { createSigner } from '../../memory/replica/record-signature.ts'
import { MUTE_POINTS } from '../../node/libp2p/gossip-intake.ts'
import { writerId } from '../../memory/replica/writer.ts'
import type { WriterName } from '../../memory/replica/writer.ts'
import { createReplicationClient } from '../../protocols/replication/client.ts'
import { REPLICATION_METHODS } from '../../protocols/replication/constants.ts'
import { Secret } from '../../core/secret.ts'
import { identityOf } from '../../trust/identity.ts'
import { converged, met, putMany, shared, startMemoryNode } from '../support/memory-nodes.ts'
import { startMeshNode } from '../support/mesh-node.ts'
import { testFolder } from '../support/started-nodes.ts'

/** Two honest nodes that hold something, and one with a session to the first that can send what it likes. */
async function setup() {
  const folder = testFolder()
  const [amber, birch] = await Promise.all([
    startMemoryNode(folder, { name: 'amber' }),
    startMemoryNode(folder, { name: 'birch' })
  ])
  await met([amber, birch])
  await putMany(amber, 'a/', 5)
  await converged([amber, birch], { atLeast: 5 })
  const { space } = shared(amber)
  const topic = spaceTopic(space.id)
  const key = await generateKeyPair('Ed25519')
  const identity = identityOf(key)
  const evil = await startMeshNode({
    identity,
    swarm: amber.wire.swarm,
    bootstrap: amber.wire.network.addresses().slice(0, 1)
  })
  onTestFinished(() => evil.stop())
  const victim = amber.wire.identity.peer
  const session = await evil.sessions.connect(victim)
  const replica = createReplicationClient(
    { clock: systemClock, session },
    { space: space.id, signal: new AbortController().signal }
  )
  const signer = createSigner(new Secret(key.raw.slice(0, 32)))
  const name: WriterName = { author: signer.author, nonce: 'ee'.repeat(16) }
  const record = (changes: Partial<RecordBody> = {}): MemoryRecord => {
    const body: RecordBody = {
      space: space.id,
      writer: writerId(space.id, name),
      sequence: 1,
      time: { ms: systemClock.now(), counter: 0 },
      previous: NO_PREVIOUS,
      key: 'evil',
      value: Buffer.from('evil'),
      deleted: false,
      sealed: false,
      ...changes
    }
    return encodeRecord(body, signer.sign)
  }
  const blame = (): number => amber.wire.blame.points(identity.peer)
  const states = async () =>
    Promise.all(
      [amber, birch].map(async (node) => {
        const { root, keys } = await shared(node).status()
        return { root, keys }
      })
    )
  /** Gossip takes its time; the victim hears of the evil node's subscription first. */
  async function publish(...messages: readonly Uint8Array[]): Promise<void> {
    await expect.poll(() => evil.pubsub.subscribers(topic), { timeout: 5000 }).toContain(victim)
    for (const message of messages) await evil.pubsub.publish(topic, message)
  }
  return { amber, birch, evil, session, replica, name, record, blame, states, publish }
}

type Attack = Awaited<ReturnType<typeof setup>>

function tampered({ bytes }: MemoryRecord): Uint8Array {
  const copy = Buffer.from(bytes)
  copy[copy.length - 66] = (copy[copy.length - 66] ?? 0) ^ 1
  return copy
}

test.for([
  ['a bad signature', ({ record }: Attack) => [tampered(record())]],
  [
    'a record of another writer',
    ({ record }: Attack) => [record({ writer: 'ab'.repeat(16) }).bytes]
  ],
  ['bytes that are no record', () => [Buffer.from('hello')]],
  [
    'one bad record among good ones',
    ({ record }: Attack) => [record().bytes, tampered(record({ sequence: 2 }))]
  ]
] as const)('%s is refused in repair, counts, and changes nothing', async ([, recordsOf]) => {
  const attack = await setup()
  const before = await attack.states()
  const batch = { writer: attack.name, records: recordsOf(attack) }
  await expect(attack.replica.push(batch)).rejects.toMatchObject({ code: 'RECORD_INVALID' })
  expect(attack.blame()).toBeGreaterThan(0.9)
  expect(await attack.states()).toEqual(before)
})

test('a batch beyond all bounds is refused, and a message that is none', async () => {
  const attack = await setup()
  const before = await attack.states()
  const records = Array.from({ length: LIMITS.memoryBatchRecords.value + 1 }, (_, index) =>
    attack.record({ sequence: index + 1 })
  )
  const batch = { writer: attack.name, records: records.map(({ bytes }) => bytes) }
  await expect(attack.replica.push(batch)).rejects.toMatchObject({ code: 'REPAIR_REFUSED' })
  await expect(
    attack.session.request(REPLICATION_METHODS.push, Buffer.alloc(1000, 255))
  ).rejects.toMatchObject({ code: 'REPAIR_REFUSED' })
  expect(attack.blame()).toBeGreaterThan(1.9)
  expect(await attack.states()).toEqual(before)
})

test('a record from the future is not taken', async () => {
  const attack = await setup()
  const before = await attack.states()
  const future = { ms: systemClock.now() + LIMITS.memorySkew.value + 60_000, counter: 0 }
  const batch = { writer: attack.name, records: [attack.record({ time: future }).bytes] }
  expect(await attack.replica.push(batch)).toMatchObject({
    applied: 0,
    refused: [{ sequence: 1, reason: 'future' }]
  })
  expect(await attack.states()).toEqual(before)
})

test('a write without a grant is not taken', async () => {
  const attack = await setup()
  const { amber, birch, record, name } = attack
  const before = await attack.states()
  // A corner of another: nobody but its author may write there.
  const key = `~${(await shared(amber).put('x', Buffer.from('1'))).author}/seat`
  await converged([amber, birch], { atLeast: 6 })
  expect(
    await attack.replica.push({ writer: name, records: [record({ key }).bytes] })
  ).toMatchObject({
    applied: 0,
    refused: [{ reason: 'denied' }]
  })
  expect(before.map(({ keys }) => keys)).toEqual([5, 5])
  expect((await attack.states()).map(({ keys }) => keys)).toEqual([6, 6])
})

test('forged gossip is rejected and not passed on; its author loses its voice', async () => {
  const attack = await setup()
  const { name, record, publish, blame, states } = attack
  const before = await states()
  const told = (bytes: Uint8Array) =>
    encodeLiveMessage({ kind: 'told', nonce: name.nonce, last: 1, records: [bytes] })
  await publish(told(tampered(record())), Buffer.from('nonsense'))
  await expect.poll(blame, { timeout: 5000 }).toBeGreaterThan(3)
  expect(await states()).toEqual(before)
})

test('a flood of gossip is cut off, and honest nodes go on', async () => {
  const attack = await setup()
  const { amber, birch, name, evil, publish, blame } = attack
  const flood = encodeLiveMessage({ kind: 'told', nonce: name.nonce, last: 1, records: [] })
  await publish(flood)
  const topic = spaceTopic(shared(amber).space.id)
  // A burst of 200 is what it may send; the rest counts.
  await Promise.all(Array.from({ length: 600 }, () => evil.pubsub.publish(topic, flood)))
  // Beyond MUTE_POINTS nothing of it is read any more, so that nothing more counts, and what counted fades.
  await expect.poll(blame, { timeout: 10_000 }).toBeGreaterThan(MUTE_POINTS - 1)
  await putMany(birch, 'b/', 20)
  await converged([amber, birch], { atLeast: 25 })
})

test('a replay of what is known changes nothing', async () => {
  const attack = await setup()
  const { replica, amber, birch, name, record } = attack
  await replica.push({ writer: name, records: [record().bytes] })
  await converged([amber, birch], { atLeast: 6 })
  const before = await attack.states()
  for (let round = 0; round < 5; round += 1) {
    expect(await replica.push({ writer: name, records: [record().bytes] })).toMatchObject({
      refused: []
    })
  }
  const [first] = before
  expect(first?.keys).toBe(6)
  expect((await attack.states()).map(({ keys }) => keys)).toEqual([6, 6])
})
