/** One replica over time: reading, forgetting by rule, disks that fail, other names, and its owner's word. */
import { describe, expect, test } from 'vitest'
import type { Change } from '../../../memory/replica/changeset.ts'
import { LumosError } from '../../../core/errors.ts'
import { createSpace, DEFAULT_QUOTAS } from '../../../memory/spaces/space.ts'
import { createStatement } from '../../../memory/spaces/statement.ts'
import { writerId } from '../../../memory/replica/writer.ts'
import { nameOf, NOON, SPACE } from '../../support/memory-arbitraries.ts'
import { batch, contents, foreign, foundEqual, testReplica } from '../../support/memory-replica.ts'
import { HOUR_MS, toySigner } from '../../support/memory-world.ts'

function text(value: string): Uint8Array {
  return Buffer.from(value)
}

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

async function filled() {
  const opened = await testReplica()
  for (const key of ['b/1', 'a/1', 'a/2', 'a/3', 'c']) {
    await opened.replica.write({ key, value: text(key) })
  }
  await opened.replica.write({ key: 'a/2', value: undefined })
  return opened
}

describe('reading', () => {
  test.for([
    [{}, ['a/1', 'a/3', 'b/1', 'c']],
    [{ prefix: 'a/' }, ['a/1', 'a/3']],
    [{ after: 'a/1', limit: 2 }, ['a/3', 'b/1']],
    [{ reverse: true, after: 'b/1' }, ['a/3', 'a/1']],
    [{ limit: 0 }, []]
  ] as const)('entries of %o', async ([query, keys]) => {
    const { replica } = await filled()
    const entries = await listed(replica.entries(query))
    expect(entries.map(({ key }) => key)).toEqual(keys)
  })

  test('changes are told once a key, tombstones included, from any place on', async () => {
    const { replica, reopen } = await filled()
    const changes = await listed(replica.changes(0))
    expect(changes.map(({ lsn, key }) => `${lsn} ${key}`)).toEqual([
      '1 b/1',
      '2 a/1',
      '4 a/3',
      '5 c',
      '6 a/2'
    ])
    expect(changes.at(-1)?.record?.deleted).toBe(true)
    const later = await reopen()
    await later.write({ key: 'd', value: text('d') })
    expect((await listed(later.changes(5))).map(({ key }) => key)).toEqual(['a/2', 'd'])
  })

  test('observers hear of changes when they are on disk', async () => {
    const { replica, faults } = await testReplica()
    const heard: Change[] = []
    replica.events.on('changed', (changes) => heard.push(...changes))
    faults.push('failed')
    await expect(replica.write({ key: 'a', value: text('1') })).rejects.toMatchObject({
      code: 'STORE_FAILED'
    })
    expect(heard).toEqual([])
  })
})

describe('time', () => {
  test('hides what expired, and forgets it later on the hour', async () => {
    const { replica, clock, store } = await testReplica()
    const { epoch } = replica
    await replica.write({ key: 'a', value: text('x'), expires: NOON + 1000 })
    clock.at += 1000
    expect(await replica.get('a')).toBeUndefined()
    const { root } = await replica.summary()
    clock.at += 2 * HOUR_MS
    expect((await replica.summary()).root).not.toBe(root)
    const rows = await listed(store.iterate({}))
    expect(rows.filter(([row]) => /\/[dlcg]\//.test(row))).toEqual([])
    expect(replica.epoch).toBe(epoch)
  })

  test('a replica is stale when it was alone for too long, until it is found equal', async () => {
    const { replica, clock, reopen } = await testReplica()
    await foundEqual(replica)
    clock.at += SPACE.tombstoneMs
    expect((await replica.summary()).stale).toBe(true)
    const reopened = await reopen()
    expect((await reopened.summary()).stale).toBe(true)
    await foundEqual(reopened)
    expect((await reopened.summary()).stale).toBe(false)
  })
})

describe('a disk that fails', () => {
  test.for(['failed', 'full', 'unknown'] as const)(
    'a write that %s is an error, and the numbers go on as they are on disk',
    async (fault) => {
      const { replica, faults, store } = await testReplica()
      await replica.write({ key: 'a', value: text('1') })
      faults.push(fault)
      await expect(replica.write({ key: 'a', value: text('2') })).rejects.toMatchObject({
        code: fault === 'full' ? 'STORE_FULL' : 'STORE_FAILED'
      })
      await expect(replica.write({ key: 'b', value: text('3') })).rejects.toBeInstanceOf(LumosError)
      await store.recover()
      const record = await replica.write({ key: 'c', value: text('4') })
      expect(record.sequence).toBe(fault === 'unknown' ? 3 : 2)
      expect(await contents(replica)).toEqual({ a: fault === 'unknown' ? '2' : '1', c: '4' })
    }
  )
})

describe('a writer', () => {
  test('goes on after a restart, unless its numbers may be lost', async () => {
    const { replica, reopen } = await testReplica()
    await replica.write({ key: 'a', value: text('1') })
    const same = await reopen()
    expect(same.writer).toEqual(replica.writer)
    expect(await same.write({ key: 'b', value: text('2') })).toMatchObject({ sequence: 2 })
    const fresh = await reopen({ continueWriter: false })
    expect(fresh.writer).not.toEqual(replica.writer)
    expect(await fresh.write({ key: 'c', value: text('3') })).toMatchObject({ sequence: 1 })
  })

  test('takes another name when somebody knows more of it than it does itself, but not at will', async () => {
    const { replica, clock } = await testReplica()
    const { writer } = await replica.write({ key: 'a', value: text('1') })
    replica.noteVector(new Map([[writer, [[1, 1]]]]))
    expect(writerId(SPACE.id, replica.writer)).toBe(writer)
    replica.noteVector(new Map([[writer, [[1, 2]]]]))
    const second = writerId(SPACE.id, replica.writer)
    expect(second).not.toBe(writer)
    replica.noteVector(new Map([[second, [[1, 1]]]]))
    expect(writerId(SPACE.id, replica.writer)).toBe(second)
    clock.at += 86_400_000
    replica.noteVector(new Map([[second, [[1, 1]]]]))
    expect(writerId(SPACE.id, replica.writer)).not.toBe(second)
  })
})

const owner = toySigner('me')
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
const { author } = nameOf(0)
const writer = writerId(space.id, nameOf(0))
const grant = createStatement(
  space.id,
  { kind: 'grant', number: 1, author, role: 'write', prefix: '' },
  owner
)
const revocation = createStatement(
  space.id,
  { kind: 'revocation', number: 2, author, endsGrants: true, cuts: [{ writer, sequence: 1 }] },
  owner
)
const records = [1, 2].map((sequence) =>
  foreign({ sequence, key: `k${sequence}`, value: 'x', space })
)

test('two clones of a disk take other names as soon as one sees a record of the other', async () => {
  const { replica } = await testReplica()
  const { replica: clone } = await testReplica()
  const shared = replica.writer
  expect(clone.writer).toEqual(shared)
  await replica.write({ key: 'a', value: text('1') })
  await clone.write({ key: 'b', value: text('2') })
  const later = await clone.write({ key: 'c', value: text('3') })
  await replica.receive({ writer: shared, records: [later.bytes] })
  expect(replica.writer).not.toEqual(shared)
  expect(await replica.write({ key: 'd', value: text('4') })).toMatchObject({ sequence: 1 })
})

test('two clones that have used the same numbers take other names, too', async () => {
  const { replica } = await testReplica()
  const { replica: clone } = await testReplica()
  const shared = replica.writer
  await replica.write({ key: 'a', value: text('1') })
  const other = await clone.write({ key: 'b', value: text('2') })
  await replica.receive({ writer: shared, records: [other.bytes] })
  expect(replica.writer).not.toEqual(shared)
  expect(await contents(replica)).toEqual({ a: '1', b: '2' })
})

test('a writer keeps its name when what it wrote comes back, also what it has overwritten since', async () => {
  const { replica } = await testReplica()
  const name = replica.writer
  const first = await replica.write({ key: 'a', value: text('1') })
  const second = await replica.write({ key: 'a', value: text('2') })
  const deleted = await replica.write({ key: 'b', value: undefined })
  await replica.receive({ writer: name, records: [second.bytes, first.bytes, deleted.bytes] })
  expect(replica.writer).toEqual(name)
})

test('a claim about the replica’s own writer does not use up its numbers', async () => {
  const { replica } = await testReplica()
  for (let attack = 0; attack < 3; attack += 1) {
    await replica.write({ key: 'a', value: text('1') })
    await replica.receive({ writer: replica.writer, records: [], complete: [1, 2 ** 48 - 1] })
  }
  expect((await replica.write({ key: 'a', value: text('2') })).sequence).toBeLessThan(10)
})

describe('statements', () => {
  test('let others write; before, their records wait and are not counted as seen', async () => {
    const { replica, reopen } = await testReplica({ space })
    const { refused } = await replica.receive(batch(records, { complete: [1, 2] }))
    expect(refused.map(({ reason }) => reason)).toEqual(['denied', 'denied'])
    expect(replica.vector.size).toBe(0)
    await replica.admit([grant.bytes])
    expect(await replica.receive(batch(records))).toMatchObject({ applied: 2 })
    expect((await reopen()).statements.map(({ id }) => id)).toEqual([grant.id])
  })

  test('that revoke forget what was written behind the cut, and say that feeds begin anew', async () => {
    const { replica } = await testReplica({ space })
    await replica.admit([grant.bytes])
    await replica.receive(batch(records))
    const { epoch } = replica
    const { statements } = await replica.summary()
    await replica.admit([revocation.bytes])
    expect(await contents(replica)).toEqual({ k1: 'x' })
    expect(replica.epoch).toBe(epoch + 1)
    expect((await replica.summary()).statements).not.toBe(statements)
    expect(await replica.receive(batch(records))).toMatchObject({ applied: 0 })
  })

  test('of somebody else are refused whole', async () => {
    const { replica } = await testReplica({ space })
    const forged = createStatement(
      space.id,
      { kind: 'grant', number: 1, author, role: 'write', prefix: '' },
      toySigner('thief')
    )
    await expect(replica.admit([grant.bytes, forged.bytes])).rejects.toMatchObject({
      code: 'SPACE_INVALID'
    })
    expect(replica.statements).toEqual([])
  })
})
