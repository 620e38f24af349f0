/** Holds each peer to a rate of the work that it causes. */
import type { Clock } from './clock.ts'
import { refusal } from './errors.ts'
import type { PeerIdText } from './ids.ts'
import { LIMITS } from './limits.ts'
import { RecentMap } from './recent-map.ts'
import { createTokenBucket } from './token-bucket.ts'
import type { TokenBucket, TokenBucketInit } from './token-bucket.ts'

export interface PeerRates {
  /** Counts work that is about to be done. @throws OVERLOADED for what is too much, which does not count */
  take(peer: PeerIdText, cost: number): void
  /** Counts work that was done, whatever it was. */
  charge(peer: PeerIdText, cost: number): void
}

export function createPeerRates(
  components: { readonly clock: Pick<Clock, 'monotonic'> },
  init: TokenBucketInit
): PeerRates {
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
    charge: (peer, cost) => bucketOf(peer).charge(cost)
  }
}
