/** The wide simulation of routing: what docs/routing.md promises, in swarms of 1,000 peers. */
import { expect, test } from 'vitest'
import { DIES_AT_MS, play } from '../support/routing-simulation/scenarios.ts'
import type { Scenario } from '../support/routing-simulation/scenarios.ts'
import type { Method } from '../support/routing-simulation/world.ts'

const TASKS = 12_000
const COMPARED_TASKS = 6000

function playWith(scenario: Scenario, method: Method = 'lumos', tasks = TASKS) {
  return play({ scenario, method, seed: 2, tasks })
}

/** By then every caller has met every peer that it could ask. */
const MET_MS = 8000

test('one of five peers that takes 5 s longer is felt by each caller at first, and then no more', async () => {
  const { outcomes: healthy } = await playWith('healthy')
  const { report, outcomes } = await playWith('slow')
  expect(report.success).toBe(1)
  const p99 = (all: typeof outcomes): number => {
    const times = all.filter(({ askedAt }) => askedAt > MET_MS).map(({ tookMs }) => tookMs)
    return times.toSorted((a, b) => a - b)[Math.floor(0.99 * times.length)] ?? NaN
  }
  expect(p99(outcomes)).toBeLessThan(1.5 * p99(healthy))
  // Twenty callers ask for five skills each, and one peer of each is slow.
  const late = outcomes.filter(({ tookMs }) => tookMs >= 5000)
  expect(late.length).toBeLessThan(2 * 100)
})

test('second workers shorten the tail, for less than a twentieth of the calls', async () => {
  const { report: alone } = await playWith('healthy', 'unhedged', 2 * TASKS)
  const { report } = await playWith('healthy', 'lumos', 2 * TASKS)
  expect(report.hedged).toBeGreaterThan(0.02)
  expect(report.hedged).toBeLessThanOrEqual(0.05)
  expect(report.p99).toBeLessThan(0.95 * alone.p99)
})

test('where one of five peers comes and goes, 99.9 of 100 tasks complete', async () => {
  const { report } = await playWith('flapping')
  expect(report.success).toBeGreaterThanOrEqual(0.999)
  expect(report.wasted).toBeLessThan(0.1)
})

test('a peer that dies without a word is left out after one slow task of each caller', async () => {
  const { outcomes } = await playWith('dead')
  expect(outcomes.filter(({ ok }) => !ok)).toEqual([])
  const late = outcomes.filter(({ askedAt, tookMs }) => askedAt > DIES_AT_MS && tookMs > 5000)
  expect(late.length).toBeLessThan(100)
})

test.for(['slow', 'dead', 'flapping', 'uneven', 'churn'] as const)(
  'in a swarm that is %s tasks end sooner than by chance or by load, and no fewer complete',
  async (scenario) => {
    const { report: lumos } = await playWith(scenario, 'lumos', COMPARED_TASKS)
    for (const method of ['random', 'least-loaded'] as const) {
      const { report: other } = await playWith(scenario, method, COMPARED_TASKS)
      expect(lumos.p95).toBeLessThan(other.p95)
      expect(lumos.success).toBeGreaterThanOrEqual(other.success)
    }
  }
)
