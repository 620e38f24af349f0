/** The node's database, when its files are damaged while it runs. */
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '../../../core/logger.ts'
import { createNodeDatabase } from '../../../node/database.ts'
import { put } from '../../contract/store.contract.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { seededRandom } from '../../support/random.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const KEYS = Array.from({ length: 10_000 }, (_, n) => `k${n}`)
const SYNC = { sync: true }

async function setup() {
  const directory = await temporaryDirectory()
  const random = seededRandom(1)
  const clock = new ManualClock()
  const parts = { clock, random, logger: silentLogger }
  const database = createNodeDatabase(parts, { directory })
  onTestFinished(() => database.stop())
  return {
    database,
    restart: async () => {
      await database.stop()
      clock.jump(1000)
      await database.start()
    },
    /** A block of a table, in a place that no start looks at. */
    spoil: async () => {
      const folder = join(directory, 'database')
      const tables = (await readdir(folder)).filter((name) => name.endsWith('.ldb'))
      const table = join(folder, tables[0] ?? '')
      await writeFile(table, (await readFile(table)).fill(0x5a, 2000, 6000))
    }
  }
}

test('damage found while reading ends writing, and the next start repairs it', async () => {
  const { database, restart, spoil } = await setup()
  await database.start()
  const operations = KEYS.map((key) => put(key, 'v'.repeat(1000)))
  await database.store.commit(operations, SYNC)
  await restart()
  await spoil()
  await restart()
  expect(database.state).toEqual({ name: 'writable' })
  const corrupt = { code: 'STORE_CORRUPT' }
  await expect(Array.fromAsync(database.store.iterate({}))).rejects.toMatchObject(corrupt)
  expect(database.state).toMatchObject({ name: 'read-only', error: corrupt })
  await expect(database.store.commit([put('new')], SYNC)).rejects.toMatchObject(corrupt)
  await restart()
  expect(database.state).toEqual({ name: 'writable' })
  await database.store.commit([put('new')], SYNC)
  const left = await Array.fromAsync(database.store.iterate({ gte: 'k', lt: 'l' }))
  expect(left.length).toBeGreaterThan(KEYS.length / 2)
  expect(left.length).toBeLessThan(KEYS.length)
})
