/** Lets a node repeat a tenth of what it asks for: retries of all at once would keep down who is down. */
import type { Clock } from '../core/clock.ts'
import { LIMITS } from '../core/limits.ts'
import { RecentMap } from '../core/recent-map.ts'
import { createTokenBucket } from '../core/token-bucket.ts'
import type { TokenBucket } from '../core/token-bucket.ts'

/** What one call adds: a tenth (gRPC's retry throttling, A6; Finagle's default is a fifth). */
const PER_CALL = 0.1
const BUCKET = {
  /** So that a node that asks seldom can retry at all (Finagle has ten a second). */
  rate: 1,
  burst: LIMITS.retryTokens.value,
  first: 10
}

/** What is asked for again and again, as an agent or a skill of anybody or of one peer: each has tokens of its own. */
export interface RetryBudget {
  /** Something is asked for, the first time. */
  deposit(kind: string): void
  /** Whether it may be asked once more; takes a token if so. */
  withdraw(kind: string): boolean
}

/** Tokens of one kind are not for another: who floods one worker in vain would use up the retries of all else. */
export function createRetryBudget(clock: Pick<Clock, 'monotonic'>): RetryBudget {
  const kinds = new RecentMap<string, TokenBucket>(LIMITS.retryKinds.value)

  function tokensOf(kind: string): TokenBucket {
    const tokens = kinds.get(kind) ?? createTokenBucket({ clock }, BUCKET)
    kinds.set(kind, tokens)
    return tokens
  }

  return {
    deposit: (kind) => tokensOf(kind).give(PER_CALL),
    withdraw: (kind) => tokensOf(kind).take(1)
  }
}
