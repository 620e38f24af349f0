/** The last minute: counts that go when it is over, and durations to 12 percent. */
import { expect, test } from 'vitest'
import { MinuteWindow } from '../../../core/minute-window.ts'
import { seededRandom } from '../../support/random.ts'

test('nothing has happened yet', () => {
  expect(new MinuteWindow().report(5)).toEqual({ done: 0, failed: 0, p50Ms: null, p95Ms: null })
})

test('what happened is forgotten after a minute, the oldest part first', () => {
  const minute = new MinuteWindow()
  minute.add(10, { failed: true, now: 1000 })
  minute.add(10, { failed: false, now: 35_000 })
  expect(minute.report(59_999)).toMatchObject({ done: 2, failed: 1 })
  expect(minute.report(61_000)).toMatchObject({ done: 1, failed: 0 })
  expect(minute.report(500_000)).toMatchObject({ done: 0, p50Ms: null })
})

test('quantiles are those of the values, to 12 percent', () => {
  const random = seededRandom(7)
  const minute = new MinuteWindow()
  const values = Array.from({ length: 5000 }, () => 0.3 * 10 ** (random.next() * 6))
  for (const value of values) minute.add(value, { failed: false, now: 1 })
  const sorted = values.toSorted((a, b) => a - b)
  const { p50Ms, p95Ms } = minute.report(1)
  expect(Math.abs((p50Ms ?? 0) / (sorted[2500] ?? 1) - 1)).toBeLessThan(0.13)
  expect(Math.abs((p95Ms ?? 0) / (sorted[4750] ?? 1) - 1)).toBeLessThan(0.13)
})
