/** Nothing acknowledged is lost, whatever crashes: seeded schedules of crashes, cuts and repeats. */
import { expect, test } from 'vitest'
import { simulateTasks } from '../support/task-simulation-run.ts'

const SEEDS = 400

test('every acknowledged task comes to its end, whole, and harm is done once at most', async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    expect(await simulateTasks(seed), `seed ${seed}`).toEqual([])
  }
})
