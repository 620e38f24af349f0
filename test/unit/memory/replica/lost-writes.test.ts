/** What was perhaps overwritten unseen can be had back for a day. */
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { createLostWrites } from '../../../../memory/replica/lost-writes.ts'
import type { LostWrites } from '../../../../memory/replica/lost-writes.ts'
import type { MemoryRecord } from '../../../../memory/replica/record.ts'
import { createMemoryStore } from '../../../../storage/memory-store.ts'
import type { Store } from '../../../../storage/store.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { testReplica } from '../../../support/memory-replicas.ts'

const DAY_MS = 24 * 3_600_000
const AUTHOR = 'ab'.repeat(32)

async function setup() {
  const clock = new ManualClock()
  clock.jump(1_790_000_000_000)
  const store = createMemoryStore()
  const replica = await testReplica({ name: 'amber', clock })
  const restarted = (): LostWrites =>
    createLostWrites({ clock, store, logger: silentLogger }, replica.space.id)
  const lost = restarted()
  const put = (key: string, value: string): Promise<MemoryRecord> =>
    replica.write({ key, value: Buffer.from(value) })
  const winner = await put('winner', '')
  async function lose(key: string, value: string): Promise<void> {
    lost.note({ winner, loser: await put(key, value) }, AUTHOR)
  }
  const valuesOf = async (key: string): Promise<string[]> =>
    (await lost.of(key)).map(({ record }) => Buffer.from(record.value).toString())
  return { clock, store, lost, lose, put, winner, valuesOf, restarted }
}

test('the last four of a key are kept, newest first, with who wrote them', async () => {
  const { lost, lose, valuesOf } = await setup()
  for (const value of ['1', '2', '3', '4', '5']) await lose('a', value)
  await lose('b', 'x')
  await lost.settle()
  expect(await valuesOf('a')).toEqual(['5', '4', '3', '2'])
  expect(await valuesOf('b')).toEqual(['x'])
  expect((await lost.of('a'))[0]).toMatchObject({ author: AUTHOR, record: { key: 'a' } })
})

test('one that is told of twice is kept once', async () => {
  const { lost, put, winner, valuesOf } = await setup()
  const loser = await put('a', '1')
  lost.note({ winner, loser }, AUTHOR)
  lost.note({ winner, loser }, AUTHOR)
  await lost.settle()
  expect(await valuesOf('a')).toEqual(['1'])
})

test('after a day they are gone, from the disk too', async () => {
  const { clock, store, lost, lose, valuesOf } = await setup()
  await lose('a', '1')
  await lose('b', '1')
  await lost.settle()
  clock.jump(DAY_MS - 1000)
  await lose('b', '2')
  await lost.sweep()
  expect(await valuesOf('a')).toEqual(['1'])
  clock.jump(2000)
  expect(await valuesOf('a')).toEqual([])
  expect(await valuesOf('b')).toEqual(['2'])
  await lost.sweep()
  expect((await Array.fromAsync(store.iterate({}))).length).toBe(1)
})

test('a storm of them costs no more than so many', async () => {
  const { lost, put, winner } = await setup()
  const loser = await put('a', '1')
  for (let count = 0; count < LIMITS.memoryConflicts.value + 10; count += 1) {
    lost.note({ winner, loser: { ...loser, key: `k${count}` } }, AUTHOR)
  }
  await lost.settle()
  expect(await lost.of(`k${LIMITS.memoryConflicts.value - 1}`)).toHaveLength(1)
  expect(await lost.of(`k${LIMITS.memoryConflicts.value}`)).toEqual([])
})

/** What is on the disk, in bytes. */
async function sizeOf(store: Pick<Store, 'iterate'>): Promise<number> {
  let bytes = 0
  for await (const [, value] of store.iterate({})) bytes += value.length
  return bytes
}

test('they take so much room and no more, and who loses most keeps least of it', async () => {
  const { store, lost, put, winner, restarted } = await setup()
  const large = await put('large', 'x'.repeat(32_000))
  const lose = (name: string, author: string, count: number): void => {
    for (let index = 0; index < count; index += 1) {
      lost.note({ winner, loser: { ...large, key: `${name}${index}` } }, author)
    }
  }
  lose('honest', AUTHOR, 20)
  lose('flood', 'ef'.repeat(32), 900)
  await lost.settle()
  expect(await sizeOf(store)).toBeLessThan(LIMITS.memoryLostBytes.value)
  expect(await lost.of('honest0')).toHaveLength(1)
  expect(await lost.of('flood0')).toEqual([])
  expect(await lost.of('flood899')).toHaveLength(1)
  const later = restarted()
  for (let index = 0; index < 20; index += 1) {
    later.note({ winner, loser: { ...large, key: `more${index}` } }, 'ef'.repeat(32))
  }
  await later.settle()
  expect(await sizeOf(store)).toBeLessThan(LIMITS.memoryLostBytes.value)
  expect(await later.of('honest0')).toHaveLength(1)
})

const FLOOD = 'ef'.repeat(32)

test('who also loses on a key takes along only its own when it has to make room', async () => {
  const { lost, put, winner, restarted } = await setup()
  const large = await put('large', 'x'.repeat(32_000))
  const plan = await put('plan', 'honest')
  lost.note({ winner, loser: plan }, AUTHOR)
  lost.note({ winner, loser: await put('plan', 'x'.repeat(32_000)) }, FLOOD)
  const flood = (to: LostWrites, name: string): void => {
    for (let index = 0; index < 600; index += 1) {
      to.note({ winner, loser: { ...large, key: `${name}${index}` } }, FLOOD)
    }
  }
  flood(lost, 'a')
  await lost.settle()
  expect(await lost.of('plan')).toMatchObject([{ author: AUTHOR, record: { id: plan.id } }])
  const later = restarted()
  flood(later, 'b')
  await later.settle()
  expect(await later.of('plan')).toMatchObject([{ author: AUTHOR, record: { id: plan.id } }])
})

test('who loses on a key again and again pushes out what it lost itself', async () => {
  const { lost, put, winner } = await setup()
  const plan = await put('plan', 'honest')
  lost.note({ winner, loser: plan }, AUTHOR)
  for (let turn = 0; turn < 5; turn += 1) {
    lost.note({ winner, loser: await put('plan', String(turn)) }, FLOOD)
  }
  await lost.settle()
  const authors = (await lost.of('plan')).map(({ author }) => author)
  expect(authors).toEqual([FLOOD, FLOOD, FLOOD, AUTHOR])
})
