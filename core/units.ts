/** Durations and sizes as people write them: `250ms`, `90s`, `2h`, `64KiB`. */

const MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000
}

const BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30
}

/** Milliseconds, or `undefined` when `text` is no duration. A number needs its unit, except 0. */
export function parseDuration(text: string): number | undefined {
  return parse(text, MS)
}

/** Bytes, or `undefined` when `text` is no size. A number needs its unit, except 0. */
export function parseSize(text: string): number | undefined {
  return parse(text, BYTES)
}

function parse(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const trimmed = text.trim().toLowerCase()
  if (trimmed === '0') return 0
  const [, digits, unit = ''] = /^(\d{1,12}(?:\.\d{1,6})?)\s*([a-z]{1,3})$/.exec(trimmed) ?? []
  if (digits === undefined || !Object.hasOwn(units, unit)) return undefined
  return Math.round(Number(digits) * (units[unit] ?? 0))
}
