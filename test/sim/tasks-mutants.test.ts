/** The simulation of tasks is worth something only if it finds bugs: these are planted. */
import { expect, test } from 'vitest'
import { MUTANTS } from '../support/task-simulation/mutants.ts'
import type { Mutant } from '../support/task-simulation/mutants.ts'
import { problemsOf } from '../support/task-simulation/run.ts'
import { play } from '../support/task-simulation/sweep.ts'

/** Each shows within so many seeds. */
const SEEDS = 40

test.for(Object.entries(MUTANTS))('the simulation finds: %s', async ([, mutant]) => {
  const { found, without } = await find(mutant)
  expect(found).not.toEqual([])
  // It is the bug that is found, and nothing else.
  expect(without).toEqual([])
})

interface Findings {
  readonly found: readonly string[]
  /** What the same run finds without the bug. */
  readonly without: readonly string[]
}

async function find({ storm, script, first = 1, mutation }: Mutant): Promise<Findings> {
  if (script !== undefined) {
    const { problems: found } = await play(script, { mutation })
    return { found, without: (await play(script)).problems }
  }
  if (storm === undefined) throw new TypeError('a mutant that shows nowhere')
  for (let seed = first; seed < first + SEEDS; seed += 1) {
    const found = await problemsOf(storm, { seed, mutation })
    if (found.length > 0) return { found, without: await problemsOf(storm, { seed }) }
  }
  return { found: [], without: [] }
}
