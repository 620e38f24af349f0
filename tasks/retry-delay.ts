/** How long to wait before trying again: full jitter, so that many callers do not come back at once. */
import { LIMITS } from '../core/limits.ts'
import type { Random } from '../core/random.ts'

export interface RetryBounds {
  /** Milliseconds that the first wait takes at most; it doubles. */
  readonly first: number
  /** Milliseconds that any wait takes at most. */
  readonly most: number
}

const BOUNDS: RetryBounds = {
  first: LIMITS.retryDelayFirst.value,
  most: LIMITS.retryDelayMost.value
}

/** Milliseconds before retry number `attempt`, from 0: random up to a bound that doubles. */
export function retryDelay(random: Random, attempt: number, { first, most } = BOUNDS): number {
  return random.next() * Math.min(most, first * 2 ** Math.min(attempt, 16))
}
