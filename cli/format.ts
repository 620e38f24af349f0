/** Numbers, times and names in the form people read them. */
import type { TaskState } from '../core/a2a.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `0.4 ms`, `38 ms`, `3.2 s`, `41 s`, `2m 5s`, `3h 12m`, `4d 2h`. */
export function duration(ms: number): string {
  if (ms < 10) return `${trimZero(ms.toFixed(1))} ms`
  if (Math.round(ms) < SECOND) return `${Math.round(ms)} ms`
  if (ms < 10 * SECOND) return `${trimZero((ms / SECOND).toFixed(1))} s`
  if (Math.round(ms / SECOND) < 60) return `${Math.round(ms / SECOND)} s`
  if (ms < HOUR) return two(ms, [MINUTE, 'm'], [SECOND, 's'])
  if (ms < DAY) return two(ms, [HOUR, 'h'], [MINUTE, 'm'])
  return two(ms, [DAY, 'd'], [HOUR, 'h'])
}

function two(exact: number, big: [number, string], small: [number, string]): string {
  // 59.7 s are a minute, and 59 min 59 s not yet an hour.
  const ms = Math.max(exact, big[0])
  const rest = Math.floor((ms % big[0]) / small[0])
  return `${Math.floor(ms / big[0])}${big[1]}${rest > 0 ? ` ${rest}${small[1]}` : ''}`
}

function trimZero(text: string): string {
  return text.replace(/\.0$/, '')
}

/** How long ago; `now` in milliseconds since the epoch. */
export function age(iso: string, now: number): string {
  const ms = now - Date.parse(iso)
  if (!(ms >= SECOND)) return 'now'
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`
  return ms < DAY ? `${Math.floor(ms / HOUR)}h` : `${Math.floor(ms / DAY)}d`
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** Powers of 1000, as disks and networks count. */
export function bytes(count: number): string {
  let value = count
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit > 0 && value < 9.95 ? trimZero(value.toFixed(1)) : Math.round(value)} ${UNITS[unit]}`
}

export function percent(share: number): string {
  return `${Math.round(share * 100)}%`
}

/** The end of a PeerId or task id: the beginnings are all alike. */
export function shortId(id: string): string {
  return id.length <= 12 ? id : `…${id.slice(-8)}`
}

export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

/** `TASK_STATE_INPUT_REQUIRED` as `input-required`. */
export function stateName(state: TaskState): string {
  return state
    .replace(/^TASK_STATE_/, '')
    .toLowerCase()
    .replaceAll('_', '-')
}
