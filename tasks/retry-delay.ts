/** How long to wait before trying again: full jitter, so that many callers do not come back at once. */
import { LIMITS } from '../core/limits.ts'
import type { Random } from '../core/random.ts'

/** Milliseconds before retry number `attempt`, from 0: random up to a bound that doubles. */
export function retryDelay(random: Random, attempt: number): number {
  const { retryDelayFirst, retryDelayMost } = LIMITS
  const bound = Math.min(retryDelayMost.value, retryDelayFirst.value * 2 ** Math.min(attempt, 16))
  return random.next() * bound
}
