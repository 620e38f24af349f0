/** So much at once, and so much each second after that: how a peer is held to a rate. */
import type { Clock } from './clock.ts'

export interface TokenBucket {
  /** Takes `count` tokens if they are there. */
  take(count: number): boolean
  /** Adds `count` tokens to those that come with time. */
  give(count: number): void
  /** Takes `count` tokens, on credit if need be: for what cannot be refused any more. */
  charge(count: number): void
  /** Milliseconds until there are `count` tokens, 0 if they are there. */
  waitMs(count: number): number
}

export interface TokenBucketInit {
  /** Tokens that come back each second. */
  readonly rate: number
  /** Most tokens there can be. */
  readonly burst: number
  /** Tokens that are there at first; default: `burst`. */
  readonly first?: number
}

export function createTokenBucket(
  { clock }: { readonly clock: Pick<Clock, 'monotonic'> },
  { rate, burst, first = burst }: TokenBucketInit
): TokenBucket {
  let tokens = first
  let refilledAt = clock.monotonic()

  function refill(more = 0): void {
    const now = clock.monotonic()
    tokens = Math.min(burst, tokens + more + ((now - refilledAt) / 1000) * rate)
    refilledAt = now
  }

  return {
    take(count) {
      refill()
      if (tokens < count) return false
      tokens -= count
      return true
    },
    give: refill,
    charge(count) {
      refill()
      tokens -= count
    },
    waitMs(count) {
      refill()
      return Math.max(0, Math.ceil(((count - tokens) / rate) * 1000))
    }
  }
}
