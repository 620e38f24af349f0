/** A hundred thousand ended orders on disk cost a list no more than a few do. */
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openLevelStore } from '../../storage/level-store.ts'
import type { Store } from '../../storage/store.ts'
import { openOutbox } from '../support/delegations.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { endOf, orderOf } from './outbox-store.contract.ts'

const ORDERS = 100_000
const IN_FLIGHT = 1000
const PAGE = 50

/** How many entries were read, those of iterations as they come. */
function counting(store: Store): { readonly store: Store; readonly reads: { count: number } } {
  const reads = { count: 0 }
  const counted: Store = {
    get: (key) => ((reads.count += 1), store.get(key)),
    getMany: (keys) => ((reads.count += keys.length), store.getMany(keys)),
    async *iterate(range, options) {
      for await (const entry of store.iterate(range, options)) {
        reads.count += 1
        yield entry
      }
    },
    commit: (operations, options) => store.commit(operations, options),
    recover: () => store.recover(),
    close: () => store.close()
  }
  return { store: counted, reads }
}

test('a page of 100,000 ended orders reads what it shows, and opening them no more', async () => {
  const path = join(await temporaryDirectory(), 'db')
  const { store, reads } = counting(await openLevelStore(path, { create: true }))
  onTestFinished(() => store.close())
  const filling = await openOutbox(store)
  for (let first = 0; first < ORDERS; first += IN_FLIGHT) {
    const some = Array.from({ length: IN_FLIGHT }, async (_, index) => {
      const id = `task-${first + index}`
      void filling.add(orderOf(id))
      await filling.end(id, endOf(first + index))
    })
    await Promise.all(some)
  }
  reads.count = 0
  const outbox = await openOutbox(store)
  expect(await outbox.open()).toEqual([])
  expect(reads.count).toBeLessThan(10)

  let before: { id: string; updatedAt: number } | undefined
  for (let page = 0; page < 50; page += 1) {
    reads.count = 0
    const found = await outbox.listEnded({ limit: PAGE, ...(before && { before }) })
    expect(reads.count).toBeLessThanOrEqual(2 * PAGE + 1)
    const last = found.at(-1)
    expect(last?.record.order.taskId).toBe(`task-${ORDERS - (page + 1) * PAGE}`)
    if (last !== undefined) before = { id: last.record.order.taskId, updatedAt: last.end.updatedAt }
  }
}, 120_000)
