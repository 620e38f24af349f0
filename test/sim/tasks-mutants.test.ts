/** The simulation of tasks is worth something only if it finds bugs: these are planted. */
import { expect, test } from 'vitest'
import { MUTANTS } from '../support/task-simulation/mutants.ts'
import { problemsOf } from '../support/task-simulation/run.ts'

/** Each shows within so many seeds. */
const SEEDS = 40

test.for(Object.entries(MUTANTS))('the simulation finds: %s', async ([, { storm, mutation }]) => {
  let found: string[] = []
  for (let seed = 1; seed <= SEEDS && found.length === 0; seed += 1) {
    found = await problemsOf(storm, { seed, mutation })
  }
  expect(found).not.toEqual([])
})
