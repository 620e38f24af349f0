import { expect, test } from 'vitest'
import { play } from '../support/routing-simulation/scenarios.ts'
import type { ScenarioInit } from '../support/routing-simulation/scenarios.ts'

/** 1,000 peers; seeds are fixed, so that figures are the same each time. */
const BASE = { seed: 1, tasks: 3000 } as const

async function reportOf(init: Pick<ScenarioInit, 'scenario' | 'method'>) {
  const { report } = await play({ ...BASE, ...init })
  return report
}

test('the same seed is the same run', async () => {
  const once = await play({ ...BASE, tasks: 500, scenario: 'flapping', method: 'lumos' })
  const again = await play({ ...BASE, tasks: 500, scenario: 'flapping', method: 'lumos' })
  expect(again.outcomes).toEqual(once.outcomes)
})

test('where nothing fails all tasks complete, sooner than by chance', async () => {
  const lumos = await reportOf({ scenario: 'healthy', method: 'lumos' })
  const random = await reportOf({ scenario: 'healthy', method: 'random' })
  expect(lumos.success).toBe(1)
  expect(lumos.wasted - lumos.hedged).toBeLessThan(0.01)
  expect(lumos.hedged).toBeLessThanOrEqual(0.05)
  expect(lumos.p50).toBeLessThan(random.p50)
})
