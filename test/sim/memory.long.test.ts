/** The same promise as in memory.test.ts, over ten thousand other schedules. */
import { expect, test } from 'vitest'
import { profileOfSeed } from '../support/memory-profiles.ts'
import { simulateMemory } from '../support/memory-simulation.ts'

const SEEDS = 10_500
/** Those below are the fast suite's. */
const FIRST = 1001

test('ten thousand schedules of faults, lies and copied disks end with equal replicas', async () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
    // Seeds take turns with the profiles: SEED=n in memory.test.ts runs all of them.
    const profile = profileOfSeed(seed)
    expect(await simulateMemory(seed, { profile }), `SEED=${seed} ${profile.name}`).toEqual([])
  }
})
