/** Holds each peer to a rate of the work that it causes. */
import type { Clock } from './clock.ts'
import { refusal } from './errors.ts'
import type { PeerIdText } from './ids.ts'
import { LIMITS } from './limits.ts'
import { RecentMap } from './recent-map.ts'
import { createTokenBucket } from './token-bucket.ts'
import type { TokenBucket, TokenBucketInit } from './token-bucket.ts'

export interface PeerRateLimit {
  /** Counts work that is about to be done. @throws OVERLOADED for what is too much, which does not count */
  take(peer: PeerIdText, cost: number): void
  /** Counts work that cannot be refused any more. @returns milliseconds until the peer has none on credit */
  charge(peer: PeerIdText, cost: number): number
}

export function createPeerRateLimit(
  components: { readonly clock: Pick<Clock, 'monotonic'> },
  init: TokenBucketInit
): PeerRateLimit {
  const buckets = new RecentMap<PeerIdText, TokenBucket>(LIMITS.quotaPeers.value)

  function bucketOf(peer: PeerIdText): TokenBucket {
    const bucket = buckets.get(peer) ?? createTokenBucket(components, init)
    buckets.set(peer, bucket)
    return bucket
  }

  return {
    take(peer, cost) {
      const bucket = bucketOf(peer)
      if (bucket.take(cost)) return
      throw refusal('OVERLOADED', { details: { retryAfterMs: bucket.waitMs(cost) } })
    },
    charge(peer, cost) {
      const bucket = bucketOf(peer)
      bucket.charge(cost)
      return bucket.waitMs(0)
    }
  }
}
