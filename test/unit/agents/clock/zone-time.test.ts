/** Wall clocks: back and forth between instants and what clocks show, also when clocks change. */
import { assert, constantFrom, integer, property } from 'fast-check'
import { expect, test } from 'vitest'
import { instantsOf, offsetAt, wallTime } from '../../../../agents/clock/zone-time.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** Half and quarter hours, both hemispheres, a change of half an hour (Lord Howe), a skipped day (Apia). */
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Pacific/Apia',
  'Africa/Casablanca',
  '+05:45'
]
/** Whole seconds of 1980 to 2060. */
const instants = integer({ min: 315_532_800, max: 2_840_140_800 }).map((second) => second * 1000)
const zones = constantFrom(...ZONES)

test('what a clock shows at an instant leads back to that instant', () => {
  assert(
    property(instants, zones, (instant, zone) => {
      expect(instantsOf(wallTime(instant, zone), zone)).toContain(instant)
    }),
    { numRuns: 500 }
  )
})

test('a wall time has no more than two instants, and each of them shows it', () => {
  assert(
    property(instants, zones, zones, (instant, from, zone) => {
      const wall = wallTime(instant, from)
      const found = instantsOf(wall, zone)
      expect(found.length).toBeLessThanOrEqual(2)
      for (const one of found) expect(wallTime(one, zone)).toEqual(wall)
    }),
    { numRuns: 500 }
  )
})

test('offsets agree with what Intl itself prints', () => {
  assert(
    property(instants, zones, (instant, zone) => {
      const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
      const printed = format
        .formatToParts(instant)
        .find(({ type }) => type === 'timeZoneName')?.value
      const [, sign = '+', hours = '0', minutes = '0'] =
        /([+-])(\d+):?(\d+)?/.exec(printed ?? '') ?? []
      const expected = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1)
      expect(offsetAt(instant, zone)).toBe(expected === 0 ? 0 : expected)
    }),
    { numRuns: 300 }
  )
})

test('half past two does not exist in Berlin when clocks go forward', () => {
  const wall = { year: 2026, month: 3, day: 29, hour: 2, minute: 30, second: 0 }
  expect(instantsOf(wall, 'Europe/Berlin')).toEqual([])
})

test('half past two is twice in Berlin when clocks go back', () => {
  const wall = { year: 2026, month: 10, day: 25, hour: 2, minute: 30, second: 0 }
  const first = Date.UTC(2026, 9, 25, 0, 30)
  expect(instantsOf(wall, 'Europe/Berlin')).toEqual([first, first + HOUR_MS])
})

test('the day that Samoa skipped has no noon', () => {
  const wall = { year: 2011, month: 12, day: 30, hour: 12, minute: 0, second: 0 }
  expect(instantsOf(wall, 'Pacific/Apia')).toEqual([])
  expect(instantsOf({ ...wall, day: 31 }, 'Pacific/Apia')).toEqual([Date.UTC(2011, 11, 30, 22)])
})

test('an instant before the epoch has its place, too', () => {
  const wall = wallTime(-DAY_MS, 'UTC')
  expect(wall).toMatchObject({ year: 1969, month: 12, day: 31, hour: 0 })
  expect(instantsOf(wall, 'UTC')).toEqual([-DAY_MS])
})
