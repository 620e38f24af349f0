import { expect, test } from 'vitest'
import { MIGRATIONS } from '../../../node/migrations.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import type { Operation } from '../../../storage/store.ts'

const CALLER = '12D3KooWCaller'

function put(key: string, value: object): Operation {
  return { type: 'put', key, value: Buffer.from(JSON.stringify(value)) }
}

test('version 2 lists ended tasks by caller and counts them, also when it is run twice', async () => {
  const store = createMemoryStore()
  const many = Array.from({ length: 3000 }, (_, n) =>
    put(`ended/${String(n).padStart(16, '0')}/id-${n}/${CALLER}`, { bytes: 2, updatedAt: n })
  )
  await store.commit(
    [
      ...many,
      put('gone-at/0000000000000001/gone/caller', {}),
      put('out/ended/0000000000000005/order', { bytes: 7 })
    ],
    { sync: true }
  )
  const [second] = MIGRATIONS
  await second?.run(store)
  await second?.run(store)
  const names: string[] = []
  for await (const [name] of store.iterate({ gte: 'ended/', lt: 'ended0' })) names.push(name)
  expect(names).toHaveLength(3000)
  expect(names[7]).toBe(`ended/${CALLER}/0000000000000007/id-7`)
  const [tasks, orders] = await store.getMany(['ended-total', 'out/total'])
  expect(JSON.parse(String(Buffer.from(tasks ?? [])))).toEqual({
    tasks: 3000,
    bytes: 6000,
    tombstones: 1
  })
  expect(JSON.parse(String(Buffer.from(orders ?? [])))).toEqual({ orders: 1, bytes: 7 })
})
