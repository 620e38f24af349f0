/** Hybrid time: it follows the clock, never goes back, and is not dragged along by wrong clocks. */
import { expect, test } from 'vitest'
import { compareTimes, COUNTER_MAX, createHybridClock } from '../../../../memory/replica/hlc.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const SKEW = 60_000

function setup(mark?: { ms: number; counter: number }) {
  const clock = new ManualClock()
  clock.jump(1_000_000)
  return { clock, hlc: createHybridClock({ clock }, mark && { mark }) }
}

test('follows the clock, and counts where that stands still', () => {
  const { clock, hlc } = setup()
  expect(hlc.tick()).toEqual({ ms: 1_000_000, counter: 0 })
  expect(hlc.tick()).toEqual({ ms: 1_000_000, counter: 1 })
  clock.jump(5)
  expect(hlc.tick()).toEqual({ ms: 1_000_005, counter: 0 })
})

test('goes on when the clock is set back, also after a restart', () => {
  const { clock, hlc } = setup()
  hlc.tick()
  clock.jump(-500)
  expect(hlc.tick()).toEqual({ ms: 1_000_000, counter: 1 })
  const { hlc: restarted } = setup({ ms: 1_000_400, counter: 9 })
  expect(restarted.tick()).toEqual({ ms: 1_000_400, counter: 10 })
})

test('a full counter becomes the next millisecond', () => {
  const { hlc } = setup({ ms: 1_000_400, counter: COUNTER_MAX })
  expect(hlc.tick()).toEqual({ ms: 1_000_401, counter: 0 })
})

test('a write is later than what it was told of, and than what it overwrites', () => {
  const { hlc } = setup()
  hlc.observe({ ms: 1_000_000 + SKEW, counter: 4 })
  expect(hlc.tick()).toEqual({ ms: 1_000_000 + SKEW, counter: 5 })
  const after = { ms: 9_000_000, counter: 0 }
  expect(compareTimes(hlc.tick(after), after)).toBeGreaterThan(0)
})

test('what is further ahead than clocks may differ is in the future, and moves nothing', () => {
  const { hlc } = setup()
  const future = { ms: 1_000_001 + SKEW, counter: 0 }
  expect(hlc.isFuture(future)).toBe(true)
  expect(hlc.isFuture({ ms: 1_000_000 + SKEW, counter: COUNTER_MAX })).toBe(false)
  hlc.observe(future)
  expect(hlc.tick()).toEqual({ ms: 1_000_000, counter: 0 })
})

test('a mark left by a clock that was wrong is passed over', () => {
  const { hlc } = setup({ ms: 99_000_000, counter: 0 })
  expect(hlc.tick()).toEqual({ ms: 1_000_000, counter: 0 })
})
