/** One replica: what it takes and refuses, what it remembers, and what it does when its disk fails. */
import { describe, expect, test } from 'vitest'
import type { Conflict } from '../../../../memory/replica/changeset.ts'
import type { Replica } from '../../../../memory/replica/replica.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { writerId } from '../../../../memory/replica/writer.ts'
import { nameOf, NOON, SPACE } from '../../../support/memory-arbitraries.ts'
import { batch, contents, foreign, testReplica } from '../../../support/memory-replica.ts'
import { HOUR_MS, toySigner } from '../../../support/memory-world.ts'

function text(value: string): Uint8Array {
  return Buffer.from(value)
}

const ALICE = writerId(SPACE.id, nameOf(0))

function coveredOf(replica: Replica, writer = ALICE) {
  return replica.vector.get(writer)
}

describe('own writes', () => {
  test('are read at once, numbered in order, and name what they replace', async () => {
    const { replica } = await testReplica()
    const first = await replica.write({ key: 'a', value: text('1') })
    const second = await replica.write({ key: 'a', value: text('2') })
    expect([first.sequence, second.sequence]).toEqual([1, 2])
    expect(second.previous).toBe(first.id.slice(0, 16))
    expect(await replica.get('a')).toMatchObject({ id: second.id })
    await replica.write({ key: 'a', value: undefined })
    expect(await replica.get('a')).toBeUndefined()
  })

  test('made together share a write to disk', async () => {
    const { replica, store } = await testReplica()
    let commits = 0
    const commit = store.commit.bind(store)
    store.commit = (...some) => {
      commits += 1
      return commit(...some)
    }
    const keys = Array.from({ length: 100 }, (_, index) => `k${index}`)
    const records = await Promise.all(keys.map((key) => replica.write({ key, value: text(key) })))
    expect(records.map(({ sequence }) => sequence)).toEqual(keys.map((_, index) => index + 1))
    expect(commits).toBeLessThanOrEqual(2)
  })

  test('win over what they replace, also when the clock is behind that', async () => {
    const { replica } = await testReplica()
    await replica.receive(
      batch([foreign({ sequence: 1, key: 'a', value: 'x', ms: NOON + 50_000 })])
    )
    await replica.write({ key: 'a', value: text('mine') })
    expect(await contents(replica)).toEqual({ a: 'mine' })
  })

  test('that no record can hold are refused alone', async () => {
    const { replica } = await testReplica()
    const [bad, good] = await Promise.allSettled([
      replica.write({ key: '', value: text('x') }),
      replica.write({ key: 'a', value: text('x') })
    ])
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'RECORD_INVALID' } })
    expect(good).toMatchObject({ status: 'fulfilled', value: { sequence: 1 } })
  })

  test('in somebody else’s corner are denied', async () => {
    const { replica } = await testReplica()
    const key = `~${toySigner('a').author}/x`
    await expect(replica.write({ key, value: text('x') })).rejects.toMatchObject({
      code: 'WRITE_DENIED'
    })
  })
})

describe('quotas', () => {
  const space = { ...SPACE, authorRecords: 2, authorBytes: 1000 }

  test('end what an author may hold, but not that it replaces and deletes', async () => {
    const { replica } = await testReplica({ space })
    await replica.write({ key: 'a', value: text('1') })
    await replica.write({ key: 'b', value: text('22') })
    await expect(replica.write({ key: 'c', value: text('3') })).rejects.toMatchObject({
      code: 'SPACE_FULL'
    })
    await replica.write({ key: 'b', value: text('2') })
    await replica.write({ key: 'a', value: undefined })
    expect(await contents(replica)).toEqual({ b: '2' })
  })

  test('are counted by author over all its writers, in records and bytes', async () => {
    const { replica, reopen } = await testReplica({ space })
    await replica.write({ key: 'a', value: text('1') })
    const renamed = await reopen({ continueWriter: false })
    await renamed.write({ key: 'b', value: text('2') })
    expect(renamed.vector.size).toBe(2)
    await expect(renamed.write({ key: 'c', value: text('3') })).rejects.toMatchObject({
      code: 'SPACE_FULL'
    })
    await expect(renamed.write({ key: 'a', value: Buffer.alloc(900) })).rejects.toMatchObject({
      code: 'SPACE_FULL'
    })
  })

  test('hold back records of others until there is room, and say so', async () => {
    const { replica } = await testReplica({ space })
    const records = [1, 2, 3].map((sequence) =>
      foreign({ sequence, key: `k${sequence}`, value: 'x' })
    )
    const receipt = await replica.receive(batch(records, { complete: [1, 3] }))
    expect(receipt).toEqual({
      applied: 2,
      repeated: 0,
      refused: [{ sequence: 3, reason: 'quota' }]
    })
    expect(coveredOf(replica)).toEqual([[1, 2]])
    await replica.write({ key: 'k1', value: text('mine') })
    expect(await replica.receive(batch(records.slice(2)))).toMatchObject({ applied: 1 })
    expect(coveredOf(replica)).toEqual([[1, 3]])
  })
})

describe('records of others', () => {
  test('are taken once, in any order, and the greatest of a key stays', async () => {
    const { replica } = await testReplica()
    const old = foreign({ sequence: 1, key: 'a', value: 'old' })
    const young = foreign({ sequence: 2, key: 'a', value: 'young', ms: NOON + 1 })
    expect(await replica.receive(batch([young]))).toMatchObject({ applied: 1 })
    expect(await replica.receive(batch([old, young]))).toMatchObject({ applied: 0, repeated: 1 })
    expect(await contents(replica)).toEqual({ a: 'young' })
    expect(coveredOf(replica)).toEqual([[1, 2]])
  })

  test('that are ahead of their time are not taken, not counted as seen, and taken when due', async () => {
    const { replica, clock } = await testReplica()
    const early = foreign({ sequence: 2, key: 'a', value: 'x', ms: NOON + 60_001 })
    const now = foreign({ sequence: 1, key: 'b', value: 'y' })
    const receipt = await replica.receive(batch([now, early], { complete: [1, 9] }))
    expect(receipt.refused).toEqual([{ sequence: 2, reason: 'future' }])
    expect(coveredOf(replica)).toEqual([
      [1, 1],
      [3, 9]
    ])
    clock.at += 1
    expect(await replica.receive(batch([early]))).toMatchObject({ applied: 1, refused: [] })
    expect(coveredOf(replica)).toEqual([[1, 9]])
  })

  test('that had their time are refused for good', async () => {
    const { replica, clock } = await testReplica()
    await replica.receive(batch([foreign({ sequence: 1, key: 'b', value: 'y' })]))
    const brief = foreign({ sequence: 2, key: 'a', value: 'x', expires: NOON + 1000 })
    clock.at += 3 * HOUR_MS
    const receipt = await replica.receive(batch([brief]))
    expect(receipt.refused).toEqual([{ sequence: 2, reason: 'expired' }])
    expect(coveredOf(replica)).toEqual([[1, 2]])
  })
})

describe('dishonest batches', () => {
  test.for([
    [
      'a signature that is another’s',
      batch([foreign({ by: 1, sequence: 1, key: 'a', value: 'x' })])
    ],
    ['bytes that are no record', { writer: nameOf(0), records: [new Uint8Array(9)] }],
    [
      'one good record among bad ones',
      {
        writer: nameOf(0),
        records: [foreign({ sequence: 1, key: 'a', value: 'x' }).bytes, new Uint8Array(9)]
      }
    ]
  ] as const)('with %s change nothing', async ([, bad]) => {
    const { replica } = await testReplica()
    const before = await replica.summary()
    await expect(replica.receive(bad)).rejects.toMatchObject({ code: 'RECORD_INVALID' })
    expect(await replica.summary()).toEqual(before)
    expect(replica.vector.size).toBe(0)
  })

  test('claims are kept of those who may write', async () => {
    const empty = { writer: nameOf(0), records: [], complete: [1, 100] } as const
    const open = await testReplica()
    await open.replica.receive(empty)
    expect(coveredOf(open.replica)).toEqual([[1, 100]])
    const closed = await testReplica({ space: { ...SPACE, mode: 'members' } })
    await closed.replica.receive(empty)
    expect(closed.replica.vector.size).toBe(0)
  })

  test('claims of writers that nobody ever was leave room for real ones, and never end own writes', async () => {
    const { replica } = await testReplica()
    const own = await replica.write({ key: 'mine', value: text('1') })
    for (let made = 1; made <= LIMITS.memoryWriters.value / 2; made++) {
      const author = made.toString(16).padStart(64, '0')
      const writer = { author, nonce: nameOf(0).nonce }
      await replica.receive({ writer, records: [], complete: [1, 1] })
    }
    expect(replica.vector.size).toBe(LIMITS.memoryWriters.value / 2)
    const theirs = foreign({ sequence: 1, key: 'a', value: 'x' })
    expect(await replica.receive(batch([theirs]))).toMatchObject({ applied: 1 })
    // Whose number is told to be used up takes another name, which needs room as well.
    replica.noteVector(new Map([[own.writer, [[1, 99]]]]))
    const again = await replica.write({ key: 'mine', value: text('2') })
    expect(again.writer).not.toBe(own.writer)
  })

  test('two records of one number both count', async () => {
    const { replica } = await testReplica()
    const one = foreign({ sequence: 1, key: 'a', value: 'x' })
    const fork = foreign({ sequence: 1, key: 'b', value: 'y' })
    await replica.receive(batch([one]))
    await replica.receive(batch([fork]))
    expect(await contents(replica)).toEqual({ a: 'x', b: 'y' })
    const names = await replica.names(ALICE, 0)
    expect(names.map(({ id }) => id).toSorted()).toEqual([one.id, fork.id].toSorted())
  })
})

describe('a conflict', () => {
  test('is told when somebody overwrites what they had not seen, and only then', async () => {
    const { replica } = await testReplica()
    const conflicts: Conflict[] = []
    replica.events.on('conflict', (conflict) => conflicts.push(conflict))
    const first = foreign({ by: 0, sequence: 1, key: 'a', value: 'x' })
    const unseen = foreign({ by: 1, sequence: 1, key: 'a', value: 'y', ms: NOON + 1 })
    const seen = foreign({
      by: 2,
      sequence: 1,
      key: 'a',
      value: 'z',
      ms: NOON + 2,
      previous: unseen.id.slice(0, 16)
    })
    await replica.receive(batch([first]))
    await replica.receive(batch([unseen], { writer: nameOf(1) }))
    await replica.receive(batch([seen], { writer: nameOf(2) }))
    await replica.receive(batch([first]))
    expect(conflicts.map(({ winner, loser }) => [winner.id, loser.id])).toEqual([
      [unseen.id, first.id]
    ])
  })
})
