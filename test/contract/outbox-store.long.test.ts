/** A hundred thousand ended orders on disk cost a list no more than a few do. */
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openLevelStore } from '../../storage/level-store.ts'
import { openOutbox } from '../support/delegations.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { endOf, orderOf } from './outbox-store.contract.ts'

const ORDERS = 100_000
const IN_FLIGHT = 1000
const PAGE_MS = 50
const OPEN_MS = 2000

test('a page of 100,000 ended orders takes 50 ms, and opening them 2 s', async () => {
  const store = await openLevelStore(join(await temporaryDirectory(), 'db'), { create: true })
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
  const opening = performance.now()
  const outbox = await openOutbox(store)
  expect(await outbox.open()).toEqual([])
  const openMs = performance.now() - opening

  const pages: number[] = []
  let before: { id: string; updatedAt: number } | undefined
  for (let page = 0; page < 50; page += 1) {
    const began = performance.now()
    const found = await outbox.listEnded({ limit: 50, ...(before && { before }) })
    pages.push(performance.now() - began)
    const last = found.at(-1)
    expect(last?.record.order.taskId).toBe(`task-${ORDERS - (page + 1) * 50}`)
    if (last !== undefined) before = { id: last.record.order.taskId, updatedAt: last.end.updatedAt }
  }
  const median = pages.toSorted((a, b) => a - b)[pages.length >> 1] ?? Infinity
  expect(median).toBeLessThanOrEqual(PAGE_MS)
  expect(openMs).toBeLessThanOrEqual(OPEN_MS)
}, 120_000)
