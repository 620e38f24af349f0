/** Numbers in the few columns that a live table has for them. */
import { bytes, duration } from '../format.ts'

const UNITS = ['', 'k', 'M', 'G', 'T'] as const
export const NOTHING = '-'

/** `0.4ms`, `3.2s`, `2m5s`, `3h12m`; `-` for what is not known. */
export function time(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? NOTHING : duration(ms).replaceAll(' ', '')
}

/** `0`, `3.1`, `88`, `1.2k`: of what happens in a second or a minute. */
export function rate(value: number): string {
  let rest = Math.max(0, value)
  let unit = 0
  while (rest >= 999.5 && unit < UNITS.length - 1) {
    rest /= 1000
    unit += 1
  }
  const digits = rest > 0 && rest < 9.95 ? rest.toFixed(1).replace(/\.0$/, '') : Math.round(rest)
  return `${digits}${UNITS[unit]}`
}

/** `41 kB/s` */
export function flow(perSecond: number): string {
  return `${bytes(Math.max(0, perSecond))}/s`
}

/** `0%`, `0.4%`, `12%` */
export function share(part: number): string {
  const hundredth = part * 100
  return hundredth > 0 && hundredth < 9.95
    ? `${Math.max(0.1, hundredth).toFixed(1).replace(/\.0$/, '')}%`
    : `${Math.round(hundredth)}%`
}

/** `14:02:07`, in the time of this machine. */
export function clockTime(now: number): string {
  const moment = new Date(now)
  return [moment.getHours(), moment.getMinutes(), moment.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')
}
