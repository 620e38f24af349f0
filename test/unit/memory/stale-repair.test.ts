/** Repair of a replica that was alone for too long: what it forgets, on whose word, and what it keeps. */
import { describe, expect, test } from 'vitest'
import { decodeRecord } from '../../../memory/replica/record.ts'
import type { RepairPeer } from '../../../memory/repair/repair.ts'
import { createResponder, repair } from '../../../memory/repair/repair.ts'
import type { RecordBatch, Replica } from '../../../memory/replica/replica.ts'
import { memoryRows } from '../../../memory/replica/rows.ts'
import { nameOf, SPACE } from '../../support/memory-arbitraries.ts'
import { batch, contents, foreign, foundEqual, testReplica } from '../../support/memory-replica.ts'
import { HOUR_MS } from '../../support/memory-world.ts'

/** What `replica` answers, over a session that proves whose answers they are. */
function peerOf(replica: Replica, id: string): RepairPeer {
  return { ...createResponder(replica), id }
}

async function two() {
  const [a, b] = [await testReplica({ name: 'one' }), await testReplica({ name: 'two' })]
  return { a, b, peer: createResponder(b.replica) }
}

/** All had two records; one was alone while the others deleted them, and forgot that they had. */
async function apart() {
  const [a, b, c] = [
    await testReplica({ name: 'one' }),
    await testReplica({ name: 'two' }),
    await testReplica({ name: 'three' })
  ]
  const peers = { b: peerOf(b.replica, 'b'), c: peerOf(c.replica, 'c') }
  await b.replica.write({ key: 'old', value: Buffer.from('x') })
  await a.replica.write({ key: 'own', value: Buffer.from('x') })
  for (const peer of [peers.b, peers.c]) await repair(a.replica, peer)
  for (const key of ['old', 'own']) await b.replica.write({ key, value: undefined })
  await repair(b.replica, peers.c)
  for (const { clock } of [a, b, c]) clock.at += SPACE.tombstoneMs + 2 * HOUR_MS
  for (const { replica } of [b, c]) await foundEqual(replica)
  await a.replica.write({ key: 'new', value: Buffer.from('y') })
  return { a, b, c, peers }
}

describe('a stale replica', () => {
  test('forgets what two others have deleted, and gives them what it wrote meanwhile', async () => {
    const { a, b, c, peers } = await apart()
    expect((await a.replica.summary()).stale).toBe(true)
    expect(await repair(a.replica, peers.b)).toMatchObject({ dropped: 0, pushed: 1, equal: false })
    expect(await repair(a.replica, peers.c)).toMatchObject({ dropped: 2, pushed: 1, equal: true })
    expect(await repair(a.replica, peers.b)).toMatchObject({ dropped: 0, equal: true })
    for (const { replica } of [a, b, c]) expect(await contents(replica)).toEqual({ new: 'y' })
    expect((await a.replica.summary()).stale).toBe(false)
  })

  test('is not asked for it by one that is not stale', async () => {
    const { a, b } = await apart()
    expect(await repair(b.replica, createResponder(a.replica))).toMatchObject({ equal: false })
    expect(await contents(b.replica)).toEqual({ new: 'y' })
  })

  test('cannot bring back what the other never held, but heard what became of', async () => {
    const [x, p, q] = [
      await testReplica({ name: 'x' }),
      await testReplica({ name: 'p' }),
      await testReplica({ name: 'q' })
    ]
    const other = foreign({ sequence: 1, key: 'other', value: 'x' })
    const deleted = batch([foreign({ sequence: 2, key: 'old', value: 'x' })])
    for (const { replica } of [x, p, q]) await replica.receive(batch([other]))
    for (const { replica } of [x, q]) await replica.receive(deleted)
    const tombstone = await q.replica.write({ key: 'old', value: undefined })
    await p.replica.receive({ writer: q.replica.writer, records: [tombstone.bytes] })
    await repair(p.replica, createResponder(q.replica))
    for (const { clock } of [x, p, q]) clock.at += SPACE.tombstoneMs + 2 * HOUR_MS
    await foundEqual(p.replica)
    await foundEqual(q.replica)
    await repair(x.replica, peerOf(p.replica, 'p'))
    expect(await contents(p.replica)).toEqual({ other: 'x' })
    await repair(x.replica, peerOf(q.replica, 'q'))
    expect(await repair(x.replica, peerOf(p.replica, 'p'))).toMatchObject({ equal: true })
    expect(await contents(x.replica)).toEqual({ other: 'x' })
    expect(await contents(p.replica)).toEqual({ other: 'x' })
  })
})

describe('a stale replica with one other', () => {
  test('forgets nothing on the word of one peer, and withholds it, however often they meet', async () => {
    const { a, b, peers } = await apart()
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await repair(a.replica, peers.b)).toMatchObject({ dropped: 0, equal: false })
    }
    expect(await contents(a.replica)).toEqual({ old: 'x', own: 'x', new: 'y' })
    expect(await contents(b.replica)).toEqual({ new: 'y' })
  })

  test('keeps what nobody has seen, however old', async () => {
    const { a, b, peer } = await two()
    await a.replica.write({ key: 'mine', value: Buffer.from('x') })
    for (const { clock } of [a, b]) clock.at += SPACE.tombstoneMs + 2 * HOUR_MS
    await foundEqual(b.replica)
    expect(await repair(a.replica, peer)).toMatchObject({ pushed: 1, dropped: 0, equal: true })
    expect(await contents(b.replica)).toEqual({ mine: 'x' })
  })

  test('does not become fresh by meeting another one', async () => {
    const { a, b, peer } = await two()
    await b.replica.receive({ writer: nameOf(0), records: [] })
    for (const { clock, replica } of [a, b]) {
      await foundEqual(replica)
      clock.at += SPACE.tombstoneMs
    }
    expect(await repair(a.replica, peer)).toMatchObject({ equal: true })
    expect((await a.replica.summary()).stale).toBe(true)
  })
})

/** Says that it has seen all that there is, and holds nothing. */
function emptyHanded(victim: Replica, id?: string) {
  const pushed: RecordBatch[] = []
  const liar: RepairPeer = {
    ...createResponder(victim),
    ...(id !== undefined && { id }),
    summary: async () => ({ ...(await victim.summary()), root: 'ff'.repeat(16), stale: false }),
    vector: async () => new Map([...victim.vector.keys()].map((known) => [known, EVERYTHING])),
    async *pull() {},
    async push(one) {
      pushed.push(one)
      return { applied: 0, repeated: 0, refused: [] }
    },
    writers: nothing,
    blocks: nothing,
    names: async () => [],
    async *records() {}
  }
  return { liar, pushed }
}

async function nothing() {
  return new Map()
}

const EVERYTHING = [[1, 2 ** 48 - 1]] as const

describe('a stale replica among liars', () => {
  test('keeps all that it has before a peer that claims to have seen it deleted', async () => {
    const { a } = await apart()
    const before = await contents(a.replica)
    const { liar, pushed } = emptyHanded(a.replica, 'liar')
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await repair(a.replica, liar)).toMatchObject({ dropped: 0, equal: false })
    }
    expect(await contents(a.replica)).toEqual(before)
    const told = pushed.flatMap(({ records }) => records.map((bytes) => decodeRecord(bytes).key))
    expect(told).toEqual(['new', 'new', 'new'])
  })

  test('does not take peers of whom nobody knows who they are for two', async () => {
    const { a } = await apart()
    for (let turn = 0; turn < 2; turn += 1) {
      const { liar } = emptyHanded(a.replica)
      expect(await repair(a.replica, liar)).toMatchObject({ dropped: 0 })
    }
    expect(Object.keys(await contents(a.replica)).toSorted()).toEqual(['new', 'old', 'own'])
  })

  test('counts nobody’s word from before it was found equal to a fresh one', async () => {
    const { a } = await apart()
    await repair(a.replica, emptyHanded(a.replica, 'liar').liar)
    const honest = createResponder(a.replica)
    const mirror = {
      ...honest,
      summary: async () => ({ ...(await honest.summary()), stale: false })
    }
    expect(await repair(a.replica, { ...mirror, id: 'mirror' })).toMatchObject({ equal: true })
    a.clock.at += SPACE.tombstoneMs
    const { liar } = emptyHanded(a.replica, 'other liar')
    expect(await repair(a.replica, liar)).toMatchObject({ dropped: 0 })
  })
})

describe('a replica whose database was salvaged', () => {
  const rows = memoryRows(SPACE.id)

  test('brings back nothing that it had deleted long ago', async () => {
    const [a, b, c] = [
      await testReplica({ name: 'one' }),
      await testReplica({ name: 'two' }),
      await testReplica({ name: 'three' })
    ]
    const peers = [peerOf(b.replica, 'b'), peerOf(c.replica, 'c')]
    await a.replica.write({ key: 'secret', value: Buffer.from('x') })
    const value = (await a.store.get(rows.data('secret'))) ?? new Uint8Array()
    await a.replica.write({ key: 'secret', value: undefined })
    for (const peer of peers) await repair(a.replica, peer)
    for (const { clock } of [a, b, c]) clock.at += SPACE.tombstoneMs + 2 * HOUR_MS
    for (const { replica } of [a, b, c]) {
      await foundEqual(replica)
      await replica.sweep()
    }
    // The table with its deletion is lost, and an older one shows.
    await a.store.commit([{ type: 'put', key: rows.data('secret'), value }], { sync: true })
    const salvaged = await a.reopen({ continueWriter: false })
    for (let turn = 0; turn < 2; turn += 1) {
      for (const peer of peers) await repair(salvaged, peer)
      for (const { replica } of [b, c]) await repair(replica, peerOf(salvaged, 'a'))
    }
    for (const replica of [salvaged, b.replica, c.replica])
      expect(await contents(replica)).toEqual({})
    expect((await salvaged.summary()).stale).toBe(false)
  })

  test('loses nothing to those that come new, in whatever order they meet', async () => {
    const a = await testReplica({ name: 'one' })
    await Promise.all(
      Array.from({ length: 300 }, (_, at) => a.replica.write({ key: `k${at}`, value: VALUE }))
    )
    const all = await contents(a.replica)
    a.clock.at += 2 * SPACE.tombstoneMs
    const salvaged = await a.reopen({ continueWriter: false })
    const [b, c] = [await testReplica({ name: 'two' }), await testReplica({ name: 'three' })]
    for (const { clock } of [b, c]) clock.at = a.clock.at
    const first = createResponder(salvaged)
    // Cut off after the first batch.
    await expect(
      repair(b.replica, { ...first, pull: (vector) => cut(first.pull(vector)) })
    ).rejects.toThrow('cut')
    await repair(c.replica, peerOf(b.replica, 'b'))
    for (const { replica, id } of [
      { replica: b.replica, id: 'b' },
      { replica: c.replica, id: 'c' }
    ]) {
      await repair(salvaged, peerOf(replica, id))
      await repair(replica, peerOf(salvaged, 'a'))
    }
    for (const replica of [salvaged, b.replica, c.replica])
      expect(await contents(replica)).toEqual(all)
  })
})

const VALUE = Buffer.from('x')

async function* cut(batches: AsyncIterable<RecordBatch>): AsyncGenerator<RecordBatch> {
  for await (const each of batches) {
    yield each
    throw new Error('cut')
  }
}
