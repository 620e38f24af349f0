import { expect, test } from 'vitest'
import { BASE_INTERVAL_MS, createPace, PRESENCE_BUDGET } from '../../../discovery/presence-pace.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { seededRandom } from '../../support/random.ts'

function setup() {
  const clock = new ManualClock()
  return { clock, pace: createPace({ clock, random: seededRandom(1) }) }
}

/** Lives through rounds in a swarm of `nodes` that all keep this node's pace. */
async function live(
  { clock, pace }: ReturnType<typeof setup>,
  nodes: number,
  rounds = 40
): Promise<number> {
  for (let round = 0; round < rounds; round++) {
    const interval = pace.interval()
    await clock.advance(interval)
    for (let heard = 0; heard < nodes; heard++) pace.heard()
    pace.next()
  }
  return pace.interval()
}

test('a small swarm keeps the base pace', async () => {
  expect(await live(setup(), 100)).toBe(BASE_INTERVAL_MS)
})

test('a large swarm settles where all together keep the budget', async () => {
  const interval = await live(setup(), 2000)
  expect(2000 / (interval / 1000)).toBeCloseTo(PRESENCE_BUDGET, 0)
})

test('when the swarm shrinks, the pace comes back', async () => {
  const scene = setup()
  await live(scene, 2000)
  expect(await live(scene, 10)).toBe(BASE_INTERVAL_MS)
})

test('waits are jittered downwards only, so that four always fit a lifetime', () => {
  const { pace } = setup()
  const waits = Array.from({ length: 100 }, () => pace.next())
  expect(Math.max(...waits)).toBeLessThanOrEqual(BASE_INTERVAL_MS)
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(BASE_INTERVAL_MS * 0.8)
  expect(new Set(waits).size).toBe(100)
})

test('news waits for a fifth of the interval since the last statement', async () => {
  const { clock, pace } = setup()
  pace.told()
  expect(pace.notBefore(300)).toBe(BASE_INTERVAL_MS / 5)
  await clock.advance(BASE_INTERVAL_MS)
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
