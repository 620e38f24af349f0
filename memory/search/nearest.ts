/** Keeps the best of many hits without sorting them all. */
import type { IndexHit } from './search-index.ts'
import { compareHits } from './search-index.ts'

export interface Nearest {
  /** What a hit must exceed to be kept. */
  readonly threshold: number
  add(hit: IndexHit): void
  /** Best first. */
  take(): readonly IndexHit[]
}

export function createNearest(limit: number): Nearest {
  let hits: IndexHit[] = []

  /** Sorting seldom is cheaper than keeping order: most hits come when the best are there already. */
  function trim(): void {
    hits = hits.toSorted(compareHits).slice(0, limit)
  }

  let threshold = -Infinity
  return {
    get threshold() {
      return threshold
    },
    add(hit) {
      hits.push(hit)
      if (hits.length < 2 * limit) return
      trim()
      threshold = hits.at(-1)?.score ?? -Infinity
    },
    take() {
      trim()
      return hits
    }
  }
}
