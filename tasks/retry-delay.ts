/** How long a task waits before it is tried again. */
import { fullJitter } from '../core/backoff.ts'
import type { BackoffBounds } from '../core/backoff.ts'
import { LIMITS } from '../core/limits.ts'
import type { Random } from '../core/random.ts'

const BOUNDS: BackoffBounds = {
  first: LIMITS.retryDelayFirst.value,
  most: LIMITS.retryDelayMost.value
}

/** Milliseconds before retry number `attempt`, from 0. */
export function retryDelay(random: Random, attempt: number): number {
  return fullJitter(random, attempt, BOUNDS)
}
