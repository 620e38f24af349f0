/** Holds each peer to a rate of calls and of bytes, however many streams it comes with and however often. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { createTokenBucket } from '../../core/token-bucket.ts'
import type { TokenBucket, TokenBucketInit } from '../../core/token-bucket.ts'
import { violation } from './codec.ts'

export interface CallQuota {
  /**
   * Counts a call that begins. Throws OVERLOADED when the peer has used up its rate, and
   * PROTOCOL_VIOLATION when it goes on regardless.
   */
  call(): void
  /** Counts bytes of a request. They are here already: what they exceed keeps the next calls waiting. */
  bytes(count: number): void
}

export interface CallQuotas {
  of(peer: PeerIdText): CallQuota
}

type Rates = Pick<Allowance, 'calls' | 'bytes'>

/** What peers may ask of a node. */
export interface Allowance {
  /** Of one peer. */
  readonly calls: TokenBucketInit
  /** Of requests of one peer. */
  readonly bytes: TokenBucketInit
  /** Bytes of requests of all peers that are incomplete or being worked on. */
  readonly heldBytes: number
}

export const ALLOWANCE: Allowance = {
  heldBytes: LIMITS.requestsBytes.value,
  calls: { rate: LIMITS.callRate.value, burst: LIMITS.callBurst.value },
  bytes: { rate: LIMITS.requestRate.value, burst: LIMITS.requestBurst.value }
}

export function createCallQuotas(
  components: { readonly clock: Pick<Clock, 'monotonic'> },
  rates: Rates
): CallQuotas {
  /** In the order of use, so that the first is the one to forget. */
  const quotas = new Map<PeerIdText, CallQuota>()
  return {
    of(peer) {
      const quota = quotas.get(peer) ?? createCallQuota(components, rates)
      quotas.delete(peer)
      quotas.set(peer, quota)
      const [oldest] = quotas.keys()
      if (quotas.size > LIMITS.quotaPeers.value && oldest !== undefined) quotas.delete(oldest)
      return quota
    }
  }
}

function createCallQuota(
  components: { readonly clock: Pick<Clock, 'monotonic'> },
  rates: Rates
): CallQuota {
  const calls = createTokenBucket(components, rates.calls)
  const bytes = createTokenBucket(components, rates.bytes)
  // Calls that were on their way when the first was refused are no offence.
  const refusals = createTokenBucket(components, rates.calls)
  return {
    call() {
      const waitMs = Math.max(calls.waitMs(1), bytes.waitMs(0))
      if (waitMs === 0) calls.charge(1)
      else refuse(refusals, waitMs)
    },
    bytes: (count) => bytes.charge(count)
  }
}

function refuse(refusals: TokenBucket, retryAfterMs: number): never {
  if (!refusals.take(1)) throw violation('calls go on although they are refused')
  throw new LumosError('OVERLOADED', { details: { retryAfterMs } })
}
