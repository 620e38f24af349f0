import { expect, test } from 'vitest'
import {
  BASE_INTERVAL_MS,
  createPace,
  hearsayFor,
  intervalFor,
  PRESENCE_BUDGET,
  roundFor
} from '../../../../discovery/presence/presence-pace.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/random.ts'

function setup(nodes = 1) {
  const clock = new ManualClock()
  const known = { nodes }
  const pace = createPace({ clock, random: seededRandom(1), nodes: () => known.nodes })
  return { clock, known, pace }
}

test('ten nodes and fewer keep the base interval, more keep the budget together, an hour is the most', () => {
  expect([1, 10].map(intervalFor)).toEqual([BASE_INTERVAL_MS, BASE_INTERVAL_MS])
  expect(100 / (intervalFor(100) / 1000)).toBe(PRESENCE_BUDGET)
  expect(intervalFor(100_000)).toBe(3_600_000)
})

test('a round of few keeps the budget, of many it takes ten seconds, or a twentieth of what the budget asks', () => {
  expect([0, 5, 25, 500, 5000].map(roundFor)).toEqual([0, 2000, 10_000, 10_000, 100_000])
})

test('the interval follows the swarm at once', () => {
  const { known, pace } = setup()
  expect(pace.interval()).toBe(BASE_INTERVAL_MS)
  known.nodes = 1000
  expect(pace.interval()).toBe(intervalFor(1000))
})

test('word of others counts until the peer itself has spoken again', () => {
  expect(hearsayFor(2)).toBe(20_000)
  expect(hearsayFor(1000)).toBeGreaterThan(intervalFor(1000))
})

test('waits are jittered downwards only, so that four always fit a lifetime', () => {
  const { pace } = setup()
  const waits = Array.from({ length: 100 }, () => {
    pace.told()
    return pace.untilNext()
  })
  expect(Math.max(...waits)).toBeLessThanOrEqual(BASE_INTERVAL_MS)
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(BASE_INTERVAL_MS * 0.8)
  expect(new Set(waits).size).toBe(100)
})

test('who finds that the swarm is larger waits longer, but not beyond what was promised', () => {
  const { known, pace } = setup(10)
  pace.told()
  known.nodes = 100
  expect(pace.untilNext()).toBe(20_000)
  pace.told(false)
  expect(pace.untilNext()).toBeGreaterThan(0.8 * intervalFor(100) - 1)
})

test('news waits for a moment since the last statement', async () => {
  const { clock, pace } = setup()
  pace.told()
  expect(pace.notBefore(300)).toBe(800)
  await clock.advance(BASE_INTERVAL_MS)
  expect(pace.notBefore(300)).toBe(300)
})

test('six statements fit into an interval, and then only what is urgent', async () => {
  const { clock, pace } = setup(100)
  for (let told = 0; told < 6; told++) {
    expect(pace.notBefore(800)).toBe(800)
    await clock.advance(800)
    pace.told()
  }
  expect(pace.notBefore(300)).toBe(intervalFor(100) - 5 * 800)
  expect(pace.notBefore(300, 'urgent')).toBe(800)
  await clock.advance(intervalFor(100))
  expect(pace.notBefore(300)).toBe(300)
})

test('hearing nobody for long means deaf', async () => {
  const { clock, pace } = setup()
  await clock.advance(19_999)
  expect(pace.isDeaf()).toBe(false)
  await clock.advance(1)
  expect(pace.isDeaf()).toBe(true)
  pace.heard()
  expect(pace.isDeaf()).toBe(false)
})
