/** The same as tasks-power.test.ts, and then the power fails a second time, while all is being recovered. */
import { expect, test } from 'vitest'
import { SCRIPTS } from '../support/task-simulation/scripts.ts'
import type { ScriptName } from '../support/task-simulation/scripts.ts'
import { doubleFailuresOf, firstHarm } from '../support/task-simulation/sweep.ts'

test.for(Object.keys(SCRIPTS) as ScriptName[])('no two writes are bad for %s', async (name) => {
  const { harm } = await firstHarm(name, doubleFailuresOf(name))
  expect(harm).toBeUndefined()
})
