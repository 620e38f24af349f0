/** The same storms as in tasks.test.ts, over ten thousand other seeds. */
import { expect, test } from 'vitest'
import { anyFailure } from '../support/task-simulation/parallel.ts'
import type { StormName } from '../support/task-simulation/storms.ts'

/** Those below are the fast suite's. */
const FIRST = 1001

const SEEDS: Readonly<Record<StormName, number>> = {
  crashes: 1800,
  link: 1700,
  clocks: 1700,
  disks: 700,
  workers: 1000,
  hedges: 1000,
  forgetting: 700,
  readers: 60,
  everything: 1400
}

test.for(Object.entries(SEEDS) as [StormName, number][])(
  'every task ends once and whole in %s, %i times',
  async ([name, count]) => {
    expect(await anyFailure(name, { first: FIRST, count })).toBeUndefined()
  }
)
