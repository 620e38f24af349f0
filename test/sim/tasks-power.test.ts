/** Power may fail at any write of either side: each of them is tried, before and after the write. */
import { expect, test } from 'vitest'
import { SCRIPTS } from '../support/task-simulation/scripts.ts'
import type { ScriptName } from '../support/task-simulation/scripts.ts'
import { failuresOf, firstHarm, play } from '../support/task-simulation/sweep.ts'

const NAMES = Object.keys(SCRIPTS) as ScriptName[]

test.for(NAMES)('no write is a bad moment for %s', async (name) => {
  expect((await play(name)).problems).toEqual([])
  const { harm, played } = await firstHarm(name, failuresOf(name))
  expect(harm).toBeUndefined()
  // Two sides that write twice at least, and each write in three ways.
  expect(played).toBeGreaterThanOrEqual(12)
})
