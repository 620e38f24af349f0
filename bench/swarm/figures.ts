/** What many times come to. */

export interface Spread {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly most: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => round(sorted[Math.ceil(share * sorted.length) - 1] ?? NaN)
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) }
}

/** Two digits behind the point are more than the clock of a busy machine is worth. */
export function round(value: number): number {
  return Math.round(value * 100) / 100
}

/** Share of tries that succeeded, 0 to 1. */
export function successOf(
  tries: readonly { readonly times: readonly number[]; readonly failures: readonly string[] }[]
): number {
  const done = tries.reduce((sum, { times }) => sum + times.length, 0)
  const failed = tries.reduce((sum, { failures }) => sum + failures.length, 0)
  return done / (done + failed)
}

/** A figure for people; what is no number was waited for in vain. */
export function measuredText(value: number, unit: string): string {
  return Number.isNaN(value) ? 'not in time' : `${value} ${unit}`
}
