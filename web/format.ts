/** Numbers and times in the words of people: short, and of a width that hardly changes. */

/** `—` for what is not known. */
export const NOTHING = '—'

export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NOTHING
  if (ms < 1) return '<1 ms'
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d`
}

export function bytes(size: number | null | undefined): string {
  if (size === null || size === undefined || !Number.isFinite(size)) return NOTHING
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = size
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return NOTHING
  return `${Math.round(share * 100)} %`
}

/** With thin spaces: 12 345. */
export function count(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ' ')
}

/** How long ago, as of `now`. */
export function ago(iso: string | undefined, now: number): string {
  const at = Date.parse(iso ?? '')
  if (Number.isNaN(at)) return NOTHING
  const ms = now - at
  return ms < 1000 ? 'now' : `${duration(ms)} ago`
}

/** The end of a PeerId or task id: its beginning is the same for all. */
export function shortId(id: string): string {
  return id.length <= 12 ? id : `…${id.slice(-8)}`
}
