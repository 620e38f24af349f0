/** A database whose rows do not fit each other, as after it was salvaged, ends equal to its peers all the same. */
import { expect, test } from 'vitest'
import { decodeEntry, decodeStored, memoryRows } from '../../../memory/replica/rows.ts'
import { createResponder, repair } from '../../../memory/repair/repair.ts'
import type { Replica } from '../../../memory/replica/replica.ts'
import { writerId } from '../../../memory/replica/writer.ts'
import type { MemoryStore } from '../../../storage/memory-store.ts'
import type { Entry, KeyRange } from '../../../storage/store.ts'
import { prefixRange } from '../../../storage/store.ts'
import { SPACE } from '../../support/memory-arbitraries.ts'
import { contents, testReplica } from '../../support/memory-replica.ts'
import { HOUR_MS } from '../../support/memory-world.ts'
import { seededRandom } from '../../support/random.ts'

const ROWS = memoryRows(SPACE.id)

/** Two that hold the same: what both wrote, overwrote, deleted, and let expire. */
async function pair() {
  const [a, b] = [await testReplica({ name: 'one' }), await testReplica({ name: 'two' })]
  for (const { replica } of [a, b]) {
    const { author } = replica.writer
    for (let at = 0; at < 12; at += 1) {
      await replica.write({ key: `${author.slice(0, 2)}/${at}`, value: Buffer.from(`v${at}`) })
    }
  }
  await repair(a.replica, createResponder(b.replica))
  await a.replica.write({ key: 'both', value: Buffer.from('1') })
  await repair(a.replica, createResponder(b.replica))
  await b.replica.write({ key: 'both', value: Buffer.from('2') })
  await b.replica.write({ key: 'gone', value: undefined })
  await a.replica.write({ key: 'soon', value: Buffer.from('x'), ttlMs: HOUR_MS })
  await repair(a.replica, createResponder(b.replica))
  return { a, b, peer: createResponder(b.replica) }
}

function all(store: MemoryStore, range: KeyRange): Promise<Entry[]> {
  return Array.fromAsync(store.iterate(range))
}

async function lose(store: MemoryStore, range: KeyRange): Promise<void> {
  const rows = await all(store, range)
  await store.commit(
    rows.map(([key]) => ({ type: 'del', key })),
    { sync: true }
  )
}

/** What does not fit in the rows of a space. */
async function faultsIn(store: MemoryStore): Promise<string[]> {
  const faults: string[] = []
  const counts = new Map<string, number>()
  const expected = new Set<string>()
  for (const [row, value] of await all(store, ROWS.allData(''))) {
    const { record, lsn } = decodeStored(value)
    expected.add(ROWS.log(record.writer, record)).add(ROWS.change(lsn))
    counts.set(record.writer, (counts.get(record.writer) ?? 0) + 1)
    if (row !== ROWS.data(record.key)) faults.push(row)
  }
  const found = [...(await all(store, ROWS.allLog)), ...(await all(store, ROWS.changesAfter(0)))]
  for (const [row] of found) if (!expected.delete(row)) faults.push(`${row} is too much`)
  for (const row of expected) faults.push(`${row} is missing`)
  for (const [row, value] of await all(store, ROWS.entries)) {
    const writer = ROWS.writerOf(row)
    if (decodeEntry(value).records !== (counts.get(writer) ?? 0)) faults.push(`${row} counts wrong`)
    counts.delete(writer)
  }
  return [...faults, ...counts.keys()]
}

async function root(replica: Replica): Promise<string> {
  return (await replica.summary()).root
}

test('a salvaged one works out its rows from its records, and gets the rest from its peers', async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const { a, b, peer } = await pair()
    const random = seededRandom(seed)
    const old = (await all(a.store, prefixRange('mem/'))).filter(() => random.next() < 0.1)
    const key = `key ${seed}`
    await a.replica.write({ key, value: Buffer.from('new') })
    await a.replica.write({ key: 'both', value: Buffer.from('3') })
    await repair(a.replica, peer)
    await a.replica.rest()
    const now = await all(a.store, prefixRange('mem/'))
    const lost = now.filter(() => random.next() < 0.15)
    await a.store.commit(
      [
        ...lost.map(([row]) => ({ type: 'del', key: row }) as const),
        ...old.map(([row, value]) => ({ type: 'put', key: row, value }) as const)
      ],
      { sync: true }
    )
    const salvaged = await a.reopen({ continueWriter: false })
    expect(await faultsIn(a.store), `seed ${seed}`).toEqual([])
    await repair(salvaged, peer)
    expect(await repair(salvaged, peer)).toMatchObject({ equal: true })
    expect(await contents(salvaged)).toEqual(await contents(b.replica))
    expect(await contents(b.replica)).toMatchObject({ both: '3', [key]: 'new' })
    a.clock.at += 3 * HOUR_MS
    b.clock.at += 3 * HOUR_MS
    expect(await root(salvaged)).toBe(await root(b.replica))
  }
})

test('a whole one is not changed by it, apart from its writer, and positions in its feed stay', async () => {
  const { a } = await pair()
  const { epoch, lsn } = a.replica
  const before = await all(a.store, ROWS.allData(''))
  const again = await a.reopen({ continueWriter: false })
  expect(await all(a.store, ROWS.allData(''))).toEqual(before)
  expect([again.epoch, again.lsn]).toEqual([epoch, lsn])
})

test('a salvaged one never goes on with numbers that peers may hold, whenever it writes', async () => {
  const { a, b } = await pair()
  const before = a.replica.writer
  await a.reopen({ continueWriter: false })
  const later = await a.reopen()
  expect(later.writer).not.toEqual(before)
  const { writer } = await later.write({ key: 'a', value: Buffer.from('1') })
  expect(b.replica.covered(writer)).toEqual([])
})

test.each(['older than the feed', 'gone'])(
  'numbers of the feed are not used again when the mark alone is %s',
  async (what) => {
    const { a } = await pair()
    const old = await a.store.get(ROWS.mark)
    for (let at = 0; at < 9; at += 1) {
      await a.replica.write({ key: `late/${at}`, value: Buffer.from('1') })
    }
    const { lsn, epoch } = a.replica
    await lose(a.store, { gte: ROWS.mark, lt: `${ROWS.mark}!` })
    if (what !== 'gone' && old !== undefined) {
      await a.store.commit([{ type: 'put', key: ROWS.mark, value: old }], { sync: true })
    }
    const salvaged = await a.reopen({ continueWriter: false })
    expect(salvaged.lsn).toBe(lsn)
    // Positions in the feed from before mean nothing in it.
    expect(salvaged.epoch).toBeGreaterThan(epoch)
    const again = await a.reopen({ continueWriter: false })
    expect({ lsn: again.lsn, epoch: again.epoch }).toEqual({ lsn, epoch: salvaged.epoch })
  }
)

test('what a crash cuts off is done by the next start', async () => {
  const { a } = await pair()
  await lose(a.store, ROWS.allLog)
  // The mark that it began, then the first page of records.
  a.faults.push(undefined, 'failed')
  await expect(a.reopen({ continueWriter: false })).rejects.toMatchObject({ code: 'STORE_FAILED' })
  await a.store.recover()
  await a.reopen()
  expect(await faultsIn(a.store)).toEqual([])
})

test('an audit mends a log that lacks what is here', async () => {
  const { a, peer } = await pair()
  const writer = writerId(SPACE.id, a.replica.writer)
  await lose(a.store, ROWS.logRange(writer, [2, 4]))
  const torn = await a.reopen()
  await repair(torn, peer)
  expect(await repair(torn, peer)).toMatchObject({ audited: 0, equal: true })
  expect(await faultsIn(a.store)).toEqual([])
})

test('an audit mends a log that names what is not here', async () => {
  const { a, b, peer } = await pair()
  const { key } = await a.replica.write({ key: 'alone', value: Buffer.from('x') })
  await lose(a.store, { gte: ROWS.data(key), lt: `${ROWS.data(key)}!` })
  const torn = await a.reopen()
  await repair(torn, peer)
  expect(await repair(torn, peer)).toMatchObject({ audited: 0, equal: true })
  expect(await root(torn)).toBe(await root(b.replica))
})

test('an audit finds a digest that was saved and is not true', async () => {
  const { a, peer } = await pair()
  await root(a.replica)
  await a.replica.rest()
  const [key = ''] = (await all(a.store, ROWS.allDigests)).map(([row]) => row)
  await a.store.commit([{ type: 'put', key, value: new Uint8Array(16) }], { sync: true })
  const torn = await a.reopen()
  expect(await repair(torn, peer)).toMatchObject({ audited: 0, equal: true })
})

test('a peer that tells nonsense makes an audit look, and mend nothing', async () => {
  const { a, b, peer } = await pair()
  await b.replica.write({ key: 'more', value: Buffer.from('x') })
  const writer = writerId(SPACE.id, b.replica.writer)
  const liar = {
    ...peer,
    push: async () => ({ applied: 0, repeated: 0, refused: [] }),
    async *pull() {},
    // Names what is here as if it had another number.
    names: async () =>
      (await b.replica.names(writer, 0)).map(({ id }, at) => ({ id, sequence: at + 50 })),
    records: () => b.replica.missing(new Map())
  }
  const before = await all(a.store, ROWS.allLog)
  await repair(a.replica, liar)
  const after = new Set((await all(a.store, ROWS.allLog)).map(([row]) => row))
  for (const [row] of before) expect(after).toContain(row)
  expect(await faultsIn(a.store)).toEqual([])
})
