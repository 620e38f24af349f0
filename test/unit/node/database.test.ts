/** The node's database while it runs: its files are damaged, and its journal grows. */
import { expect, test, vi } from 'vitest'
import { TRIM_INTERVAL_MS } from '../../../node/database.ts'
import { JOURNAL_WINDOW_BYTES } from '../../../storage/journal.ts'
import { prefixRange } from '../../../storage/store.ts'
import { put } from '../../contract/store.contract.ts'
import { SPOILT_RECORDS, startDatabase } from '../../support/node-database.ts'
import { PATIENCE } from '../../support/patience.ts'

const SYNC = { sync: true }
const CORRUPT = { code: 'STORE_CORRUPT' }

test('damage found while reading ends writing, and the next start repairs it', async () => {
  const { database, ...node } = await startDatabase()
  await node.spoil()
  expect(database.state).toEqual({ name: 'writable' })
  expect(database.findings).toEqual([])
  await expect(Array.fromAsync(database.store.iterate({}))).rejects.toMatchObject(CORRUPT)
  expect(database.state).toMatchObject({ name: 'read-only', error: CORRUPT })
  await expect(database.store.commit([put('new')], SYNC)).rejects.toMatchObject(CORRUPT)
  await node.restart()
  expect(database.findings).toEqual([expect.stringMatching(/was repaired/)])
  await database.store.commit([put('new')], SYNC)
  const left = await Array.fromAsync(database.store.iterate({ gte: 'k', lt: 'l' }))
  expect(left.length).toBeGreaterThan(SPOILT_RECORDS / 2)
  expect(left.length).toBeLessThan(SPOILT_RECORDS)
})

test('the journal keeps what the next start looks at, and no more', async () => {
  const { database, ...node } = await startDatabase()
  const value = Buffer.alloc(JOURNAL_WINDOW_BYTES / 4)
  for (let n = 0; n < 16; n += 1) {
    await database.tasks.write([{ type: 'put', key: 'large', value }], false)
  }
  const records = async () =>
    (await Array.fromAsync(database.store.iterate(prefixRange('journal/tasks/r/')))).length
  expect(await records()).toBe(16)
  await vi.waitFor(async () => {
    await node.clock.advance(TRIM_INTERVAL_MS)
    expect(await records()).toBe(5)
  }, PATIENCE)
  await node.restart()
  expect(database.findings).toEqual([])
})
