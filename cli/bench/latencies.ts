/** Latencies of any number of operations in little memory: a histogram whose steps are 1 % wide. */

const STEP = Math.log(1.01)
/** A microsecond: below it everything counts as the same. */
const LEAST_MS = 0.001

export interface Latencies {
  add(ms: number): void
  /** Milliseconds, `share` from 0 to 1, right to 1 %; null without any. */
  quantile(share: number): number | null
  readonly count: number
  readonly maxMs: number
}

export function createLatencies(): Latencies {
  const counts = new Map<number, number>()
  let count = 0
  let maxMs = 0
  return {
    add(ms) {
      const step = Math.round(Math.log(Math.max(LEAST_MS, ms)) / STEP)
      counts.set(step, (counts.get(step) ?? 0) + 1)
      count += 1
      maxMs = Math.max(maxMs, ms)
    },
    quantile(share) {
      if (count === 0) return null
      let left = Math.max(1, Math.ceil(share * count))
      for (const step of [...counts.keys()].toSorted((a, b) => a - b)) {
        left -= counts.get(step) ?? 0
        if (left <= 0) return Math.min(maxMs, Math.exp(step * STEP))
      }
      return maxMs
    },
    get count() {
      return count
    },
    get maxMs() {
      return maxMs
    }
  }
}

/** Jain's index: 1 when all have the same, 1/n when one has all; 1 when nobody has anything. */
export function fairness(amounts: readonly number[]): number {
  const sum = amounts.reduce((total, amount) => total + amount, 0)
  const squares = amounts.reduce((total, amount) => total + amount * amount, 0)
  return squares === 0 ? 1 : (sum * sum) / (amounts.length * squares)
}
