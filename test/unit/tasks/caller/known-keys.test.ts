import fc from 'fast-check'
import { expect, test } from 'vitest'
import { uuidOf } from '../../../../tasks/edge/scope.ts'
import { createKnownKeys } from '../../../../tasks/caller/known-keys.ts'
import type { KnownKeys, KnownKeysInit } from '../../../../tasks/caller/known-keys.ts'

const NEVER_GIVEN = uuidOf('never given')

function keysTo(count: number, from = 0): string[] {
  return Array.from({ length: count - from }, (_, index) => uuidOf(`key ${from + index}`))
}

/** With these on disk, all of them read. */
async function setup(kept: readonly string[], init?: KnownKeysInit) {
  const disk = [...kept]
  const read = async function* (): AsyncIterable<string> {
    readings += 1
    yield* disk
  }
  let readings = 0
  const known = createKnownKeys({ read }, init)
  const readAll = async (): Promise<void> => {
    await expect.poll(() => known.mayBeKept(NEVER_GIVEN)).toBe(false)
  }
  await readAll()
  return { known, disk, readAll, readings: () => readings }
}

function keptOf(known: KnownKeys, keys: readonly string[]): number {
  return keys.filter((key) => known.mayBeKept(key)).length
}

test('never calls a key new that is kept or was given', async () => {
  const keys = fc.array(fc.integer({ min: 0, max: 5000 }).map((number) => uuidOf(`key ${number}`)))
  await fc.assert(
    fc.asyncProperty(keys, keys, async (before, now) => {
      const { known } = await setup(before)
      for (const key of now) known.add(key)
      expect(keptOf(known, before)).toBe(before.length)
      expect(keptOf(known, now)).toBe(now.length)
    }),
    { numRuns: 20 }
  )
})

test('calls nearly all others new', async () => {
  const { known } = await setup(keysTo(10_000))
  expect(keptOf(known, keysTo(20_000, 10_000))).toBeLessThan(10)
})

test('any key may be kept before all were read, and when they cannot be', async () => {
  const gate = Promise.withResolvers<void>()
  const known = createKnownKeys({
    // oxlint-disable-next-line eslint/require-yield -- it fails before it has read one
    async *read() {
      await gate.promise
      throw new Error('the disk is gone')
    }
  })
  expect(known.mayBeKept(NEVER_GIVEN)).toBe(true)
  gate.resolve()
  await known.stop()
  expect(known.mayBeKept(NEVER_GIVEN)).toBe(true)
})

test('reads anew when it is full, without what was forgotten, and misses none that came meanwhile', async () => {
  const [first = '', ...others] = keysTo(4)
  const { known, disk, readAll, readings } = await setup([first], { most: 4 })
  for (const key of others) known.add(key)
  expect(readings()).toBe(1)
  disk.splice(0, 1, ...others)
  const last = uuidOf('last')
  known.add(last)
  expect(known.mayBeKept(first)).toBe(true)
  await readAll()
  expect(readings()).toBe(2)
  expect(known.mayBeKept(first)).toBe(false)
  expect(keptOf(known, [...others, last])).toBe(4)
})
