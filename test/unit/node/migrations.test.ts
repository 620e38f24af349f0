import { expect, test } from 'vitest'
import { MIGRATIONS } from '../../../node/migrations.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import type { Operation } from '../../../storage/store.ts'
import { openOutbox } from '../../support/delegations.ts'

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

test('version 3 keeps whom to tell of an ended order by worker, also when it is run twice', async () => {
  const store = createMemoryStore()
  const worker = { id: '12D3KooWWorker', name: 'birch' }
  const placement = { worker, agentId: 'echo', path: 'direct', idempotent: true }
  const recall = { taskId: 'ended', placement, until: 5 }
  const both = [put('out/cancel/ended', recall), put('out/cancel/open', {})]
  await store.commit(both, { sync: true })
  const [, third] = MIGRATIONS
  await third?.run(store)
  await third?.run(store)
  const names: string[] = []
  for await (const [name] of store.iterate({ gte: 'out/', lt: 'out0' })) names.push(name)
  expect(names).toEqual(['out/cancel/open', `out/recall/ended/${worker.id}/echo`])
  const outbox = await openOutbox(store)
  expect(await outbox.recalls()).toEqual([recall])
})
