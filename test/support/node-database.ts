/** A node's database in a folder of its own, whose files a test can spoil. */
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { silentLogger } from '../../core/logger.ts'
import { createNodeDatabase } from '../../node/database.ts'
import type { NodeDatabase } from '../../node/database.ts'
import { put } from '../contract/store.contract.ts'
import { ManualClock } from './manual-clock.ts'
import { seededRandom } from './random.ts'
import { spoilTables } from './spoilt-tables.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export const SPOILT_RECORDS = 10_000

export interface SpoilableDatabase {
  readonly clock: ManualClock
  readonly database: NodeDatabase
  restart(): Promise<void>
  /** Fills it with records `k…`, damages its tables where no start looks, and starts it again. */
  spoil(): Promise<void>
}

/** Started, and stopped at the end of the test. */
export async function startDatabase(): Promise<SpoilableDatabase> {
  const directory = await temporaryDirectory()
  const clock = new ManualClock()
  const parts = { clock, random: seededRandom(1), logger: silentLogger }
  const database = createNodeDatabase(parts, { directory })
  onTestFinished(() => database.stop())

  async function restart(): Promise<void> {
    await database.stop()
    clock.jump(1000)
    await database.start()
  }

  await database.start()
  return {
    clock,
    database,
    restart,
    async spoil() {
      const value = 'v'.repeat(1000)
      const records = Array.from({ length: SPOILT_RECORDS }, (_, n) => put(`k${n}`, value))
      await database.store.commit(records, { sync: true })
      // What was only in the log is in a table after a start.
      await restart()
      await spoilTables(join(directory, 'database'))
      await restart()
    }
  }
}
