/** Wall clocks of the world: from an instant to what they show, and back, daylight saving included. */

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** What a wall clock shows. Months count from 1. */
export interface WallTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

/** The instants at which a wall clock shows a time: none, one or two, in their order. */
export type Instants = readonly number[]

/** @param instant milliseconds since the Unix epoch */
export function wallTime(instant: number, zone: string): WallTime {
  const format = new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric'
  })
  const fields = new Map(format.formatToParts(instant).map(({ type, value }) => [type, value]))
  const field = (name: Intl.DateTimeFormatPartTypes): number => Number(fields.get(name) ?? 0)
  return {
    year: field('year'),
    month: field('month'),
    day: field('day'),
    hour: field('hour'),
    minute: field('minute'),
    second: field('second')
  }
}

/** How far the zone is ahead of UTC at `instant`, in milliseconds. */
export function offsetAt(instant: number, zone: string): number {
  return asUtc(wallTime(instant, zone)) - Math.floor(instant / 1000) * 1000
}

/**
 * When clocks in `zone` show `wall`: never, when they are put forward over it; twice, when they are
 * put back. No zone changes its offset twice within two days, so those of the days around suffice.
 */
export function instantsOf(wall: WallTime, zone: string): Instants {
  const utc = asUtc(wall)
  const offsets = new Set([offsetAt(utc - DAY_MS, zone), offsetAt(utc + DAY_MS, zone)])
  return Array.from(offsets, (offset) => utc - offset)
    .filter((instant) => asUtc(wallTime(instant, zone)) === utc)
    .toSorted((a, b) => a - b)
}

function asUtc({ year, month, day, hour, minute, second }: WallTime): number {
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

/** `+05:30`, as ISO 8601 writes it. */
export function formatOffset(offset: number): string {
  const minutes = Math.round(Math.abs(offset) / MINUTE_MS)
  const sign = offset < 0 ? '-' : '+'
  return `${sign}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`
}

/** `2025-11-21T09:48:03+09:00`. */
export function formatIso(instant: number, zone: string): string {
  const { year, month, day, hour, minute, second } = wallTime(instant, zone)
  const date = `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}`
  const time = [hour, minute, second].map(twoDigits).join(':')
  return `${date}T${time}${formatOffset(offsetAt(instant, zone))}`
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
