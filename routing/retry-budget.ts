/** Lets a node repeat a tenth of what it asks for: retries of all at once would keep down who is down. */
import type { Clock } from '../core/clock.ts'
import { LIMITS } from '../core/limits.ts'

/** What one call adds: a tenth (gRPC's retry throttling, A6; Finagle's default is a fifth). */
const PER_CALL = 0.1
/** What each second adds, so that a node that asks seldom can retry at all (Finagle has ten). */
const PER_SECOND = 1
/** At the beginning. */
const FIRST = 10

/** What is asked for again and again, as an agent or a skill of anybody or of one peer: each has tokens of its own. */
export interface RetryBudget {
  /** Something is asked for, the first time. */
  deposit(kind: string): void
  /** Whether it may be asked once more; takes a token if so. */
  withdraw(kind: string): boolean
}

interface Tokens {
  count: number
  filledAt: number
}

/** Tokens of one kind are not for another: who floods one worker in vain would use up the retries of all else. */
export function createRetryBudget(clock: Pick<Clock, 'monotonic'>): RetryBudget {
  /** Those asked for last come last. */
  const kinds = new Map<string, Tokens>()

  function fill(kind: string, more: number): Tokens {
    const now = clock.monotonic()
    const { count, filledAt } = kinds.get(kind) ?? { count: FIRST, filledAt: now }
    const earned = more + ((now - filledAt) / 1000) * PER_SECOND
    const tokens = { count: Math.min(LIMITS.retryTokens.value, count + earned), filledAt: now }
    kinds.delete(kind)
    kinds.set(kind, tokens)
    const [oldest] = kinds.keys()
    if (kinds.size > LIMITS.retryKinds.value && oldest !== undefined) kinds.delete(oldest)
    return tokens
  }

  return {
    deposit: (kind) => void fill(kind, PER_CALL),
    withdraw(kind) {
      const tokens = fill(kind, 0)
      if (tokens.count < 1) return false
      tokens.count -= 1
      return true
    }
  }
}
