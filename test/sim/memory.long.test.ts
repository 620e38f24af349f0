/** The same promise as in memory.test.ts, over ten thousand other schedules. */
import { expect, test } from 'vitest'
import { anyMemoryFailure } from '../support/memory-parallel.ts'

const SEEDS = 10_500
/** Those below are the fast suite's. SEED=n there runs a failing one alone. */
const FIRST = 1001

test('ten thousand schedules of faults, lies and copied disks end with equal replicas', async () => {
  expect(await anyMemoryFailure({ first: FIRST, count: SEEDS })).toBeUndefined()
})
