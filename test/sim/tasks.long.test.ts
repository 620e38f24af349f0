/** The same storms as in tasks.test.ts, over ten thousand other seeds. */
import { expect, test } from 'vitest'
import { firstFailure } from '../support/task-simulation/run.ts'
import type { StormName } from '../support/task-simulation/storms.ts'

/** Those below are the fast suite's. */
const FIRST = 1001

const SEEDS: Readonly<Record<StormName, number>> = {
  crashes: 3000,
  link: 2000,
  clocks: 2500,
  disks: 800,
  forgetting: 1000,
  readers: 50,
  everything: 1000
}

test.for(Object.entries(SEEDS) as [StormName, number][])(
  'every task ends once and whole in %s, %i times',
  async ([name, count]) => {
    expect(await firstFailure(name, { first: FIRST, count })).toBeUndefined()
  }
)
