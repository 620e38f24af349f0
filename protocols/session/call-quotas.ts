/** Holds each peer to a rate of calls and of bytes, however many streams it comes with and however often. */
import type { Clock } from '../../core/clock.ts'
import { refusal } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import { createTokenBucket } from '../../core/token-bucket.ts'
import type { TokenBucket } from '../../core/token-bucket.ts'
import { violation } from './codec.ts'

export interface CallQuota {
  /**
   * Counts a call that begins. Throws OVERLOADED when the peer has used up its rate, and
   * PROTOCOL_VIOLATION when it goes on regardless.
   */
  call(): void
  /** Counts bytes of a request. They are here already: what they exceed keeps the next calls waiting. */
  bytes(count: number): void
  /** Calls that may be in flight. */
  readonly callsPerPeer: number
}

export interface CallQuotas {
  of(peer: PeerIdText): CallQuota
}

/** What one peer may ask of a node: names of LIMITS. */
export type PeerAllowance = Readonly<
  Record<'callRate' | 'callBurst' | 'requestRate' | 'requestBurst' | 'callsPerPeer', number>
>

/** What peers may ask of a node. */
export interface Allowance {
  /** Asked at each call, since a peer may come to be something else; the same object means the same. */
  readonly of: (peer: PeerIdText) => PeerAllowance
  /** Bytes of requests of all peers that are incomplete or being worked on. */
  readonly heldBytes: number
}

const WHOLE: PeerAllowance = {
  callRate: LIMITS.callRate.value,
  callBurst: LIMITS.callBurst.value,
  requestRate: LIMITS.requestRate.value,
  requestBurst: LIMITS.requestBurst.value,
  callsPerPeer: LIMITS.callsPerPeer.value
}

export const ALLOWANCE: Allowance = { heldBytes: LIMITS.requestsBytes.value, of: () => WHOLE }

export function createCallQuotas(
  components: { readonly clock: Pick<Clock, 'monotonic'> },
  allowance: Pick<Allowance, 'of'>
): CallQuotas {
  const quotas = new RecentMap<PeerIdText, CallQuota>(LIMITS.quotaPeers.value)
  return {
    of(peer) {
      const quota = quotas.get(peer) ?? createCallQuota(components, () => allowance.of(peer))
      quotas.set(peer, quota)
      return quota
    }
  }
}

function createCallQuota(
  { clock }: { readonly clock: Pick<Clock, 'monotonic'> },
  allowed: () => PeerAllowance
): CallQuota {
  let now = open(allowed())

  function open(allowance: PeerAllowance) {
    const { callRate, callBurst, requestRate, requestBurst } = allowance
    const calls = { rate: callRate, burst: callBurst }
    return {
      allowance,
      calls: createTokenBucket({ clock }, calls),
      bytes: createTokenBucket({ clock }, { rate: requestRate, burst: requestBurst }),
      // Calls that were on their way when the first was refused are no offence.
      refusals: createTokenBucket({ clock }, calls)
    }
  }

  function current(): typeof now {
    const allowance = allowed()
    if (allowance !== now.allowance) now = open(allowance)
    return now
  }

  return {
    call() {
      const { calls, bytes, refusals } = current()
      const waitMs = Math.max(calls.waitMs(1), bytes.waitMs(0))
      if (waitMs === 0) calls.charge(1)
      else refuse(refusals, waitMs)
    },
    bytes: (count) => now.bytes.charge(count),
    get callsPerPeer() {
      return now.allowance.callsPerPeer
    }
  }
}

function refuse(refusals: TokenBucket, retryAfterMs: number): never {
  if (!refusals.take(1)) throw violation('calls go on although they are refused')
  throw refusal('OVERLOADED', { details: { retryAfterMs } })
}
