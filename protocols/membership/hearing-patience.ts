/** How much of what one peer says about members is read: signatures take time, and keys to make them with cost nothing. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import { createTokenBucket } from '../../core/token-bucket.ts'
import type { TokenBucket } from '../../core/token-bucket.ts'

export interface HearingPatience {
  /** Before it is parsed. @throws OVERLOADED */
  take(peer: PeerIdText, bytes: number): void
  /** What it is told, which is as much work. */
  charge(peer: PeerIdText, bytes: number): void
}

/** A short question has all of the list looked through. */
const LEAST_BYTES = 2048
const BUCKET = { rate: LIMITS.membersHeardRate.value, burst: LIMITS.membersHeardBurst.value }

export function createHearingPatience({
  clock
}: {
  readonly clock: Pick<Clock, 'monotonic'>
}): HearingPatience {
  const buckets = new RecentMap<PeerIdText, TokenBucket>(LIMITS.swarmMembers.value)

  function bucketOf(peer: PeerIdText): TokenBucket {
    const bucket = buckets.get(peer) ?? createTokenBucket({ clock }, BUCKET)
    buckets.set(peer, bucket)
    return bucket
  }

  function take(peer: PeerIdText, bytes: number): void {
    const bucket = bucketOf(peer)
    const cost = Math.max(LEAST_BYTES, bytes)
    if (bucket.take(cost)) return
    const details = { retryAfterMs: bucket.waitMs(cost) }
    throw new LumosError('OVERLOADED', { details })
  }

  return { take, charge: (peer, bytes) => bucketOf(peer).charge(bytes) }
}
