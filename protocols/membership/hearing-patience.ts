/** How much of what one peer says about members is read: signatures take time, and keys to make them with cost nothing. */
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { createPeerRateLimit } from '../../core/peer-rate-limit.ts'

export interface HearingPatience {
  /** Before it is parsed. @throws OVERLOADED */
  take(peer: PeerIdText, bytes: number): void
  /** What it is told, which is as much work. */
  charge(peer: PeerIdText, bytes: number): void
}

/** A short question has all of the list looked through. */
const LEAST_BYTES = 2048
const BUCKET = { rate: LIMITS.membersHeardRate.value, burst: LIMITS.membersHeardBurst.value }

export function createHearingPatience(components: {
  readonly clock: Pick<Clock, 'monotonic'>
}): HearingPatience {
  const rates = createPeerRateLimit(components, BUCKET)
  return {
    take: (peer, bytes) => rates.take(peer, Math.max(LEAST_BYTES, bytes)),
    charge: (peer, bytes) => rates.charge(peer, bytes)
  }
}
