/** Lets a node repeat a tenth of what it asks for: retries of all at once would keep down who is down. */
import type { Clock } from '../core/clock.ts'
import { LIMITS } from '../core/limits.ts'

/** What one call adds: a tenth (gRPC's retry throttling, A6; Finagle's default is a fifth). */
const PER_CALL = 0.1
/** What each second adds, so that a node that asks seldom can retry at all (Finagle has ten). */
const PER_SECOND = 1
/** At the beginning. */
const FIRST = 10

export interface RetryBudget {
  /** Something is asked for, the first time. */
  deposit(): void
  /** Whether it may be asked once more; takes a token if so. */
  withdraw(): boolean
}

export function createRetryBudget(clock: Pick<Clock, 'monotonic'>): RetryBudget {
  const most = LIMITS.retryTokens.value
  let tokens = FIRST
  let filledAt = clock.monotonic()

  function fill(count: number): void {
    const now = clock.monotonic()
    tokens = Math.min(most, tokens + count + ((now - filledAt) / 1000) * PER_SECOND)
    filledAt = now
  }

  return {
    deposit: () => fill(PER_CALL),
    withdraw() {
      fill(0)
      if (tokens < 1) return false
      tokens -= 1
      return true
    }
  }
}
