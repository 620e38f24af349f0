/** How fast something grows, told so that single odd values do not count (Theil and Sen). */

export interface Point {
  /** Milliseconds. */
  readonly at: number
  readonly value: number
}

/** More pairs than these cost seconds and tell nothing new. */
const MOST_POINTS = 400

/** Per hour; 0 of fewer than three points. */
export function slopePerHour(points: readonly Point[]): number {
  if (points.length < 3) return 0
  const step = Math.ceil(points.length / MOST_POINTS)
  const some = points.filter((_, index) => index % step === 0)
  const slopes: number[] = []
  for (const [index, from] of some.entries()) {
    for (const to of some.slice(index + 1)) {
      if (to.at > from.at) slopes.push((to.value - from.value) / (to.at - from.at))
    }
  }
  return median(slopes) * 3_600_000
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
