/** What a duration usually is: an average that follows changes, and quantiles of the latest values. */

/**
 * After so many milliseconds without a value the next one counts for two thirds: the decay of Finagle's
 * peak-EWMA balancer.
 */
const TIME_CONSTANT_MS = 10_000
/** A value that follows at once counts for so much: about the last ten count, however dense they are. */
const LEAST_WEIGHT = 0.1
/** Enough for a 95th percentile that three outliers decide; 512 bytes each. */
const KEPT = 64

export class Samples {
  /** Undefined before the first value. */
  average: number | undefined
  /** Of the latest value; monotonic milliseconds. */
  at = 0
  readonly #kept = new Float64Array(KEPT)
  #count = 0
  #sorted: Float64Array | undefined

  /** How many values the quantiles are made of. */
  get size(): number {
    return Math.min(this.#count, KEPT)
  }

  add(value: number, now: number): void {
    const weight = Math.max(LEAST_WEIGHT, 1 - Math.exp((this.at - now) / TIME_CONSTANT_MS))
    const { average } = this
    this.average = average === undefined ? value : average + weight * (value - average)
    this.at = now
    this.#kept[this.#count % KEPT] = value
    this.#count += 1
    this.#sorted = undefined
  }

  /** Nearest rank; undefined before the first value. */
  quantile(part: number): number | undefined {
    if (this.#count === 0) return undefined
    this.#sorted ??= this.#kept.subarray(0, this.size).toSorted()
    return this.#sorted[Math.max(0, Math.ceil(part * this.size) - 1)]
  }
}
