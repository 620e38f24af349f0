/** Newest records from memory: always what the disk would have said. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { createRecentPages } from '../../../../memory/replica/recent-pages.ts'
import type { PageRecord } from '../../../../memory/replica/recent-pages.ts'
import type { Replica } from '../../../../memory/replica/replica.ts'
import { prefixRange } from '../../../../storage/store.ts'
import { NOON, SPACE } from '../../../support/memory-arbitraries.ts'
import { batch, foreign, testReplica } from '../../../support/memory-replica.ts'
import type { TestReplica } from '../../../support/memory-replica.ts'

const FOLDERS = ['t/', 't/1/', 'u/']
const KEYS = ['t/', 't/0', 't/1/0', 't/1/5', 't/1/9', 't/2', 'u/\uFF5E', 'u/\u{1F600}', 't']

type Step =
  | { readonly do: 'write'; readonly key: string; readonly value: string | undefined }
  | { readonly do: 'expire'; readonly key: string }
  | { readonly do: 'receive'; readonly key: string; readonly ms: number }
  | { readonly do: 'read'; readonly folder: string; readonly limit: number }
  | { readonly do: 'pass' | 'fail' | 'doubt' | 'recover' }

const key = fc.constantFrom(...KEYS)
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('write' as const),
      key,
      value: fc.option(fc.constantFrom('a', 'b'), { nil: undefined, freq: 4 })
    }),
    fc.record({ do: fc.constant('expire' as const), key }),
    fc.record({ do: fc.constant('receive' as const), key, ms: fc.integer({ min: -5, max: 5 }) }),
    fc.record({
      do: fc.constant('read' as const),
      folder: fc.constantFrom(...FOLDERS),
      limit: fc.integer({ min: 1, max: 4 })
    }),
    fc.record({ do: fc.constantFrom('pass', 'fail', 'doubt', 'recover') })
  ),
  { maxLength: 40 }
)

async function fromDisk(replica: Replica, folder: string, limit: number): Promise<unknown[]> {
  const read = await Array.fromAsync(replica.entries({ prefix: folder, limit, reverse: true }))
  return read.toReversed().map(seen)
}

function seen({ key: name, value, time, writer }: PageRecord): unknown {
  return { key: name, value: Buffer.from(value).toString(), time, writer }
}

async function take({ replica, store, faults, clock }: TestReplica, step: Step, at: number) {
  if (step.do === 'write') {
    await replica
      .write({
        key: step.key,
        value: step.value === undefined ? undefined : Buffer.from(step.value)
      })
      .catch(() => undefined)
  } else if (step.do === 'expire') {
    const draft = { key: step.key, value: Buffer.from('x'), expires: clock.at + 10 }
    await replica.write(draft).catch(() => undefined)
  } else if (step.do === 'receive') {
    const record = foreign({ sequence: at + 1, key: step.key, value: 'r', ms: clock.at + step.ms })
    await replica.receive(batch([record])).catch(() => undefined)
  } else if (step.do === 'pass') clock.at += 6
  else if (step.do === 'fail') faults.push('failed')
  else if (step.do === 'doubt') faults.push('unknown')
  else if (step.do === 'recover') await store.recover()
}

test('whatever is written, received, deleted, expires or fails', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (story) => {
      const world = await testReplica()
      for (const [at, step] of story.entries()) {
        await take(world, step, at)
        const asked = step.do === 'read' ? [step] : FOLDERS.map((folder) => ({ folder, limit: 3 }))
        for (const { folder, limit } of asked) {
          const newest = await world.replica.newest(folder, limit)
          expect(newest.map(seen)).toEqual(await fromDisk(world.replica, folder, limit))
        }
      }
      // What is replaced unseen would still be counted.
      world.faults.length = 0
      await world.store.recover()
      await world.replica.write({ key: 'v', value: Buffer.from('x') })
      const rows = prefixRange(`mem/${SPACE.id}/d/`)
      expect(await Array.fromAsync(world.store.iterate(rows))).toHaveLength(
        world.replica.held.records
      )
    }),
    { numRuns: 300 }
  )
})

test('what changes while it is read is not held', async () => {
  const pages = createRecentPages()
  const record = foreign({ sequence: 1, key: 't/1', value: 'x' })
  const reading = pages.begin('t/')
  pages.apply([{ lsn: 1, key: 't/1', record }])
  reading.hold([], 1)
  reading.end()
  expect(pages.newest('t/', 1)).toBeUndefined()
  expect(pages.lacks('t/1')).toBe(false)
})

test('of many folders those asked last are held, and of one little more than is wanted', () => {
  const pages = createRecentPages()
  const most = LIMITS.memoryPages.value
  for (let index = 0; index <= most; index += 1) {
    pages.begin(`${index}/`).hold([], 1)
    pages.newest('0/', 1)
  }
  expect(pages.newest('1/', 1)).toBeUndefined()
  for (let index = 1; index < 10; index += 1) {
    const record = foreign({ sequence: index, key: `0/${index}`, value: 'x', ms: NOON + index })
    pages.apply([{ lsn: index, key: record.key, record }])
  }
  expect(pages.newest('0/', 1)).toMatchObject([{ key: '0/9' }])
  expect(pages.newest('0/', 3)).toBeUndefined()
})

test('large values take the place of folders that nobody asks for', () => {
  const pages = createRecentPages()
  const bytes = LIMITS.memoryPageBytes.value / 4
  for (let index = 0; index < 5; index += 1) {
    const large = { ...foreign({ sequence: 1, key: `${index}/1` }), deleted: false }
    pages.begin(`${index}/`).hold([{ ...large, value: new Uint8Array(bytes) }], 2)
  }
  expect(pages.newest('0/', 1)).toBeUndefined()
  expect(pages.newest('4/', 1)).toHaveLength(1)
})
