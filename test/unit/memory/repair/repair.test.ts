/** Repair of two replicas: what it moves, what it costs, and what it does not let a peer do. */
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import type { RepairPeer } from '../../../../memory/repair/repair.ts'
import { createResponder, repair } from '../../../../memory/repair/repair.ts'
import { createSpace, DEFAULT_QUOTAS } from '../../../../memory/spaces/space.ts'
import { createStatement } from '../../../../memory/spaces/statement.ts'
import type { RecordBatch, Replica } from '../../../../memory/replica/replica.ts'
import { BLOCK_NUMBERS } from '../../../../memory/replica/digests.ts'
import { nameOf, NOON, SPACE } from '../../../support/memory-arbitraries.ts'
import type { TestReplicaInit } from '../../../support/memory-replica.ts'
import { batch, contents, foreign, testReplica } from '../../../support/memory-replica.ts'
import { HOUR_MS, toySigner } from '../../../support/memory-world.ts'

async function pair(init: TestReplicaInit = {}) {
  const [a, b] = [
    await testReplica({ ...init, name: 'one' }),
    await testReplica({ ...init, name: 'two' })
  ]
  return { a, b, peer: createResponder(b.replica) }
}

async function fill(replica: Replica, count: number, bytes = 1): Promise<void> {
  const value = Buffer.alloc(bytes, 'x')
  await Promise.all(
    Array.from({ length: count }, (_, index) => replica.write({ key: `k${index}`, value }))
  )
}

/** What `replica` answers, over a session that proves whose answers they are. */
function peerOf(replica: Replica, id: string): RepairPeer {
  return { ...createResponder(replica), id }
}

/** Remembers which calls were made. */
function watched(peer: RepairPeer) {
  const calls: string[] = []
  const proxy = new Proxy(peer, {
    get(target, name: keyof RepairPeer) {
      if (name !== 'id') calls.push(name)
      return target[name]
    }
  })
  return { calls, peer: proxy }
}

describe('two replicas', () => {
  test('that are equal exchange summaries, and no more', async () => {
    const { a, peer } = await pair()
    const { calls, peer: seen } = watched(peer)
    expect(await repair(a.replica, seen)).toEqual({
      pulled: 0,
      pushed: 0,
      audited: 0,
      dropped: 0,
      equal: true
    })
    expect(calls).toEqual(['summary'])
  })

  test('give each other what they lack', async () => {
    const { a, b, peer } = await pair()
    await a.replica.write({ key: 'a', value: Buffer.from('1') })
    await b.replica.write({ key: 'b', value: Buffer.from('2') })
    expect(await repair(a.replica, peer)).toMatchObject({ pulled: 1, pushed: 1, equal: true })
    expect(await contents(a.replica)).toEqual({ a: '1', b: '2' })
    expect(await contents(b.replica)).toEqual({ a: '1', b: '2' })
  })
})

describe('a repair', () => {
  test('that was cut off goes on where it was', async () => {
    const { a, b, peer } = await pair()
    const records = LIMITS.memoryBatchRecords.value * 3
    await fill(b.replica, records)
    let batches = 0
    const cut: RepairPeer = {
      ...peer,
      async *pull(vector) {
        for await (const one of peer.pull(vector)) {
          batches += 1
          if (batches === 3) throw new TypeError('cut')
          yield one
        }
      }
    }
    await expect(repair(a.replica, cut)).rejects.toThrow('cut')
    expect(await repair(a.replica, peer)).toMatchObject({ pulled: records / 3, equal: true })
  })

  test('exchanges statements before the records that they allow', async () => {
    const owner = toySigner('one')
    const space = createSpace(
      {
        ...DEFAULT_QUOTAS,
        mode: 'members',
        sealed: false,
        owner: owner.author,
        nonce: '00'.repeat(16),
        name: 'plans'
      },
      owner
    )
    const { a, b, peer } = await pair({ space })
    const { author } = toySigner('two')
    const grant = createStatement(
      space.id,
      { kind: 'grant', number: 1, author, role: 'write', prefix: '' },
      owner
    )
    await b.replica.admit([grant.bytes])
    await b.replica.write({ key: 'b', value: Buffer.from('2') })
    expect(await repair(a.replica, peer)).toMatchObject({ pulled: 1, equal: true })
    expect(a.replica.statements.map(({ id }) => id)).toEqual([grant.id])
  })
})

async function batchesOf(replica: Replica): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = []
  for await (const one of replica.missing(new Map())) batches.push(one)
  return batches
}

describe('batches', () => {
  test('hold no more than fits a frame, and claim every number once', async () => {
    const { a } = await pair()
    await fill(a.replica, 40, SPACE.valueBytes)
    const batches = await batchesOf(a.replica)
    let next = 1
    for (const { records, complete } of batches) {
      const bytes = records.reduce((sum, record) => sum + record.length, 0)
      expect(bytes).toBeLessThanOrEqual(LIMITS.frameBytes.value)
      expect(complete?.[0]).toBe(next)
      next = (complete?.[1] ?? 0) + 1
    }
    expect(next).toBe(41)
  })

  test('claim nothing of a number before the last of its records, however often it was forked', async () => {
    const { a } = await pair()
    const limit = LIMITS.memoryBatchRecords.value
    const keys = Array.from({ length: limit + 10 }, (_, index) => `k${index}`)
    await a.replica.receive(batch(keys.map((key) => foreign({ sequence: 1, key, value: 'x' }))))
    await a.replica.receive(batch([foreign({ sequence: 2, key: 'z', value: 'x' })]))
    const batches = await batchesOf(a.replica)
    expect(batches.map(({ records }) => records.length)).toEqual([limit, 11])
    expect(batches.map(({ complete }) => complete)).toEqual([undefined, [1, 2]])
  })
})

describe('the audit', () => {
  test('finds the one record of many that differs, by its block', async () => {
    const { a, b, peer } = await pair()
    await fill(b.replica, 3000)
    await repair(a.replica, peer)
    const [record] = await a.replica.names([...a.replica.vector.keys()][0] ?? '', 1)
    if (record === undefined) throw new TypeError('there is no record')
    await a.replica.drop([...a.replica.vector.keys()][0] ?? '', [record])
    const { calls, peer: seen } = watched(peer)
    expect(await repair(a.replica, seen)).toMatchObject({ audited: 1, equal: true })
    expect(calls.filter((call) => call === 'names')).toHaveLength(1)
  })

  test('ends, however many blocks a peer invents', async () => {
    const { a, peer } = await pair()
    await a.replica.receive(batch([foreign({ sequence: 1, key: 'a', value: 'x' })]))
    let asked = 0
    const liar: RepairPeer = {
      ...peer,
      summary: async () => ({ ...(await peer.summary()), root: 'ff'.repeat(16) }),
      blocks: async () =>
        new Map(Array.from({ length: 100_000 }, (_, index) => [index, 'ff'.repeat(16)])),
      names: async () => {
        asked += 1
        return []
      }
    }
    expect(await repair(a.replica, liar)).toMatchObject({ equal: false })
    expect(asked).toBeLessThanOrEqual(LIMITS.memoryAuditBlocks.value)
  })

  test('a peer with too many writers is refused', async () => {
    const { a, peer } = await pair()
    const vector = new Map(
      Array.from({ length: LIMITS.memoryWriters.value + 1 }, (_, index) => [String(index), []])
    )
    const liar: RepairPeer = {
      ...peer,
      summary: async () => ({ ...(await peer.summary()), root: 'ff'.repeat(16) }),
      vector: async () => vector
    }
    await expect(repair(a.replica, liar)).rejects.toMatchObject({ code: 'REPAIR_REFUSED' })
  })
})

describe('audits', () => {
  test('come to every block in turn, however many stay different', async () => {
    const { a, b } = await pair()
    const peer = peerOf(b.replica, 'b')
    const later = NOON + HOUR_MS
    b.clock.at = later
    for (const { replica } of [a, b]) {
      await replica.receive(batch([foreign({ sequence: 2, key: 'both', value: 'x' })]))
    }
    const stuck = Array.from({ length: LIMITS.memoryAuditBlocks.value + 1 }, (_, index) =>
      foreign({ sequence: 1 + index * BLOCK_NUMBERS, key: `k${index}`, value: 'x', ms: later })
    )
    // The clock of the one is behind: it cannot take them yet.
    for (const record of stuck) await b.replica.receive(batch([record]))
    for (const [{ replica }, key] of [
      [a, 'left'],
      [b, 'right']
    ] as const) {
      await replica.receive(
        batch([foreign({ by: 1, sequence: 1, key, value: key })], { writer: nameOf(1) })
      )
    }
    for (let turn = 0; turn < 3; turn += 1) await repair(a.replica, peer)
    for (const { replica } of [a, b]) {
      expect(await contents(replica)).toMatchObject({ left: 'left', right: 'right' })
    }
  })

  test('go on behind a block that ends them with an error each time', async () => {
    const { a, b } = await pair()
    const broken = foreign({ sequence: 1, key: 'broken', value: 'x' })
    const sound = foreign({ sequence: BLOCK_NUMBERS, key: 'sound', value: 'x' })
    await b.replica.receive(batch([broken, sound]))
    const peer: RepairPeer = {
      ...peerOf(b.replica, 'b'),
      async *pull() {},
      async *records(writer, names) {
        if (names.some(({ id }) => id === broken.id)) throw new TypeError('broken')
        yield* b.replica.records(writer, names)
      }
    }
    await expect(repair(a.replica, peer)).rejects.toThrow('broken')
    await expect(repair(a.replica, peer)).rejects.toThrow('broken')
    expect(await contents(a.replica)).toEqual({ sound: 'x' })
  })
})
