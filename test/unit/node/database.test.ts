/** The node's database, when its files are damaged while it runs. */
import { expect, test } from 'vitest'
import { put } from '../../contract/store.contract.ts'
import { SPOILT_RECORDS, startDatabase } from '../../support/node-database.ts'

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
