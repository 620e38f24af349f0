/** So much at once, and so much each second after that: how a peer is held to a rate. */
import type { Clock } from './clock.ts'

export interface TokenBucket {
  /** Takes `count` tokens if they are there. */
  take(count: number): boolean
}

export interface TokenBucketInit {
  /** Tokens that come back each second. */
  readonly rate: number
  /** Most tokens there can be; as many are there at first. */
  readonly burst: number
}

export function createTokenBucket(
  { clock }: { readonly clock: Pick<Clock, 'monotonic'> },
  { rate, burst }: TokenBucketInit
): TokenBucket {
  let tokens = burst
  let refilledAt = clock.monotonic()

  return {
    take(count) {
      const now = clock.monotonic()
      tokens = Math.min(burst, tokens + ((now - refilledAt) / 1000) * rate)
      refilledAt = now
      if (tokens < count) return false
      tokens -= count
      return true
    }
  }
}
