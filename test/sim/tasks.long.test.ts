/** The same promise as in tasks.test.ts, over ten thousand other schedules. */
import { expect, test } from 'vitest'
import { simulateTasks } from '../support/task-simulation-run.ts'

const SEEDS = 10_000
/** Those below are the fast suite's. */
const FIRST = 1001

test('ten thousand schedules of crashes lose nothing and do no harm twice', async () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
    expect(await simulateTasks(seed), `seed ${seed}`).toEqual([])
  }
})
