/** Holds each peer to a rate of questions whose answers are work. */
import type { Clock } from '../core/clock.ts'
import { refusal } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import { RecentMap } from '../core/recent-map.ts'
import { createTokenBucket } from '../core/token-bucket.ts'
import type { TokenBucket, TokenBucketInit } from '../core/token-bucket.ts'

export interface AskRates {
  /** Counts a question. @throws OVERLOADED for one too many, which does not count */
  ask(peer: PeerIdText): void
}

export function createAskRates(
  components: { readonly clock: Pick<Clock, 'monotonic'> },
  init: TokenBucketInit
): AskRates {
  const peers = new RecentMap<PeerIdText, TokenBucket>(LIMITS.quotaPeers.value)
  return {
    ask(peer) {
      const questions = peers.get(peer) ?? createTokenBucket(components, init)
      peers.set(peer, questions)
      if (questions.take(1)) return
      throw refusal('OVERLOADED', { details: { retryAfterMs: questions.waitMs(1) } })
    }
  }
}
