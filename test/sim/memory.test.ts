/** Replicas end equal, whatever happens to them: seeded schedules of faults, lies and copied disks. */
import { describe, expect, test } from 'vitest'
import { MUTANTS } from '../support/memory-mutants.ts'
import { profileOf, PROFILES } from '../support/memory-profiles.ts'
import { simulateMemory } from '../support/memory-simulation.ts'

/** SEED=n runs that one alone, to look into a failure. */
const ONLY = Number(process.env['SEED'] ?? 0)
const FIRST = ONLY === 0 ? 1 : ONLY
const SEEDS = ONLY === 0 ? 40 : 1
/** A planted bug shows within so many seeds. */
const MUTANT_SEEDS = 60

describe('all honest replicas end byte for byte equal', () => {
  test.for(PROFILES)('$name', async (profile) => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
      expect(await simulateMemory(seed, { profile }), `SEED=${seed}`).toEqual([])
    }
  })
})

describe('the simulation finds', () => {
  test.for(Object.entries(MUTANTS))('%s', async ([, { mutation, profiles }]) => {
    for (const name of profiles) {
      const profile = profileOf(name)
      let found: string[] = []
      for (let seed = 1; seed <= MUTANT_SEEDS && found.length === 0; seed += 1) {
        found = await simulateMemory(seed, { profile, mutation }).catch((error: unknown) => [
          String(error)
        ])
      }
      expect({ profile: name, found }).not.toEqual({ profile: name, found: [] })
    }
  })
})
