/** Lists of ended tasks in memory: read from disk once, and true to it whatever is written, also in the middle of the reading. */
import { expect, test } from 'vitest'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import type { Operation, Store } from '../../../storage/store.ts'
import { prefixRange } from '../../../storage/store.ts'
import { createOwnerLists } from '../../../tasks/owner-lists.ts'
import { del, parse, put } from '../../../tasks/stored-json.ts'
import { seededRandom } from '../../support/random.ts'

interface Value {
  readonly kind: string
}

const MANY = 500
const matches = ({ kind }: Value): boolean => kind === 'even'
const keyOf = (at: number, owner = 'ann'): string => `list/${owner}/${String(at).padStart(6, '0')}`
const entry = (at: number, kind = 'even', owner = 'ann') => put(keyOf(at, owner), { kind })

function setup(store: Store = createMemoryStore()) {
  let reads = 0
  const counting = {
    async *iterate(...asked: Parameters<Store['iterate']>) {
      for await (const one of store.iterate(...asked)) {
        reads += 1
        yield one
      }
    }
  }
  const lists = createOwnerLists<Value>(counting, {
    rangeOf: (owner) => prefixRange(`list/${owner}/`),
    ownerOf: (key) => (key.startsWith('list/') ? key.split('/')[1] : undefined),
    read: (value) => parse<Value>(value)
  })
  async function write(operations: readonly Operation[]): Promise<void> {
    await store.commit(operations, { sync: false })
    lists.wrote(operations)
  }
  const fill = (count: number, owner = 'ann') =>
    write(Array.from({ length: count }, (_, at) => entry(at, at % 2 === 0 ? 'even' : 'odd', owner)))
  return { store, lists, write, fill, reads: () => reads }
}

/** What is wanted and on one page, by number. */
function placesIn({ found, total }: { found: readonly { key: string }[]; total: number }) {
  return { found: found.map(({ key }) => Number(key.split('/').at(-1))), total }
}

test('the disk is read for the first question, and for no other', async () => {
  const { lists, fill, reads } = setup()
  await fill(MANY)
  for (let times = 0; times < 20; times += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const list = await lists.of('ann')
    expect(list.select({ limit: 1, matches: ({ kind }) => kind === 'none' }).total).toBe(0)
  }
  expect(reads()).toBe(MANY)
})

test('a page is the youngest behind its place, and the total is of all that is wanted', async () => {
  const { lists, fill } = setup()
  await fill(MANY)
  const list = await lists.of('ann')
  expect(placesIn(list.select({ limit: 3 }))).toEqual({ found: [499, 498, 497], total: MANY })
  expect(placesIn(list.select({ limit: 3, matches }))).toEqual({
    found: [498, 496, 494],
    total: MANY / 2
  })
  expect(placesIn(list.select({ limit: 3, before: keyOf(2) }))).toEqual({
    found: [1, 0],
    total: MANY
  })
  expect(placesIn(list.select({ limit: 3, before: keyOf(3), matches, from: keyOf(1) }))).toEqual({
    found: [2],
    total: 249
  })
  expect(placesIn(list.select({ limit: 3, before: keyOf(9), from: keyOf(20) }))).toEqual({
    found: [],
    total: 480
  })
})

test('what is written while the list is read is in it once, and what is deleted is not', async () => {
  const { store, lists, write, fill } = setup()
  await fill(MANY)
  const reading = lists.of('ann')
  await store.commit([entry(MANY)], { sync: false })
  await write([entry(MANY + 1), del(keyOf(0)), del(keyOf(MANY - 1))])
  lists.wrote([entry(MANY)])
  const list = await reading
  const { found } = placesIn(list.select({ limit: MANY * 2 }))
  expect(found.slice(0, 3)).toEqual([MANY + 1, MANY, MANY - 2])
  expect(found.at(-1)).toBe(1)
  expect(found).toHaveLength(MANY)
})

test('lists are those of the disk after any writes, whoever asks when', async () => {
  const random = seededRandom(7)
  const { store, lists, write, fill } = setup()
  await fill(MANY)
  await fill(MANY, 'bob')
  for (let step = 0; step < 300; step += 1) {
    const owner = random.next() < 0.5 ? 'ann' : 'bob'
    const at = Math.floor(random.next() * MANY * 2)
    const operation = random.next() < 0.5 ? entry(at, 'new', owner) : del(keyOf(at, owner))
    if (random.next() < 0.05) lists.tidy()
    if (random.next() < 0.2) void lists.of(owner)
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await write([operation])
  }
  for (const owner of ['ann', 'bob']) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { found } = (await lists.of(owner)).select({ limit: MANY * 2 })
    // oxlint-disable-next-line no-await-in-loop -- as above
    const kept = await Array.fromAsync(store.iterate(prefixRange(`list/${owner}/`)))
    expect(found.map(({ key }) => key).toReversed()).toEqual(kept.map(([key]) => key))
  }
})

test('a list that nobody asks about any more is let go, and read again', async () => {
  const { lists, fill, reads } = setup()
  await fill(MANY)
  await lists.of('ann')
  lists.tidy()
  await lists.of('ann')
  lists.tidy()
  expect(reads()).toBe(MANY)
  lists.tidy()
  await lists.of('ann')
  expect(reads()).toBe(2 * MANY)
})

test('a reading that fails fails for who asked, and is tried again by the next', async () => {
  const broken = createMemoryStore()
  let isBroken = true
  const { lists, fill } = setup({
    ...broken,
    iterate(...asked) {
      if (isBroken) throw new Error('the disk is gone')
      return broken.iterate(...asked)
    }
  })
  await fill(MANY)
  await expect(lists.of('ann')).rejects.toThrow('gone')
  isBroken = false
  expect((await lists.of('ann')).select({ limit: 0 }).total).toBe(MANY)
})
