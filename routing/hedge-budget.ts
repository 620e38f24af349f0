/** Lets a node give a twentieth of what it asks for to a second worker as well, and nothing while workers are full. */
import type { Clock } from '../core/clock.ts'
import { LIMITS } from '../core/limits.ts'

/** What one call adds (Dean and Barroso, "The Tail at Scale", 2013: after the 95th percentile, 5 % more load). */
const PER_CALL = 0.05
/** A worker that refused for overload will not be the only one: its queue is to empty first. */
const OVERLOAD_MS = 30_000

export interface HedgeBudget {
  /** Something is asked for, the first time. */
  deposit(): void
  /** A worker had no room: what is asked twice now keeps it full. */
  overloaded(): void
  /** Whether something may be asked of a second worker; takes a token if so. */
  withdraw(): boolean
}

export function createHedgeBudget(clock: Pick<Clock, 'monotonic'>): HedgeBudget {
  let tokens = 0
  let notBefore = 0

  return {
    deposit() {
      tokens = Math.min(LIMITS.hedgeTokens.value, tokens + PER_CALL)
    },
    overloaded() {
      notBefore = clock.monotonic() + OVERLOAD_MS
    },
    withdraw() {
      // Sums of twentieths are not exact: 20 calls are to earn one.
      if (tokens < 1 - 1e-9 || clock.monotonic() < notBefore) return false
      tokens = Math.max(0, tokens - 1)
      return true
    }
  }
}
