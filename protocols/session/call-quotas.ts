/** What one peer may ask for and have held, however many streams it comes with and however often. */
import type { Clock } from '../../core/clock.ts'
import { refusal } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import { createTokenBucket } from '../../core/token-bucket.ts'
import type { TokenBucket } from '../../core/token-bucket.ts'
import { Budget } from './assembler.ts'
import { violation } from './codec.ts'

export interface CallQuota {
  /**
   * Counts a call that begins. Throws OVERLOADED when the peer has used up its rate, and
   * PROTOCOL_VIOLATION when it goes on regardless.
   */
  call(): void
  /** Counts bytes of a request. They are here already: what they exceed keeps the next calls waiting. */
  bytes(count: number): void
  /**
   * A call is in flight from now on, until {@link end}, and holds `count` bytes. Throws SESSION_LIMIT when
   * there are too many, OVERLOADED when there is no room for the bytes.
   */
  begin(count: number): void
  /** A call has ended, and its handler has returned. */
  end(): void
  /** Counts bytes of a request that is incomplete or being worked on. Throws OVERLOADED. */
  hold(count: number): void
  release(count: number): void
  /** Counts a handshake that the peer begins, unless there were too many. */
  handshake(): boolean
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
  allowance: Allowance
): CallQuotas {
  const everybody = new Budget(allowance.heldBytes)
  const quotas = new RecentMap<PeerIdText, CallQuota>(LIMITS.quotaPeers.value)
  return {
    of(peer) {
      const quota =
        quotas.get(peer) ??
        createCallQuota({ ...components, everybody, peer }, () => allowance.of(peer))
      quotas.set(peer, quota)
      return quota
    }
  }
}

interface CallQuotaComponents {
  readonly clock: Pick<Clock, 'monotonic'>
  /** Bytes held for all peers. */
  readonly everybody: Budget
  readonly peer: PeerIdText
}

function createCallQuota(
  { clock, everybody, peer }: CallQuotaComponents,
  allowed: () => PeerAllowance
): CallQuota {
  let now = open(allowed())
  let inFlight = 0
  const held = new Budget(LIMITS.sessionBufferBytes.value, everybody)
  const { handshakeRate, handshakeBurst } = LIMITS
  const handshakes = createTokenBucket(
    { clock },
    { rate: handshakeRate.value, burst: handshakeBurst.value }
  )

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

  function charge(count: number): void {
    now.bytes.charge(count)
  }

  return {
    call() {
      const { calls, bytes, refusals } = current()
      const waitMs = Math.max(calls.waitMs(1), bytes.waitMs(0))
      if (waitMs === 0) calls.charge(1)
      else refuse(refusals, waitMs)
    },
    bytes: charge,
    begin(count) {
      if (inFlight >= now.allowance.callsPerPeer) {
        throw refusal('SESSION_LIMIT', { details: { peer } })
      }
      held.take(count)
      inFlight++
    },
    end: () => void inFlight--,
    hold(count) {
      charge(count)
      held.take(count)
    },
    release: (count) => held.release(count),
    handshake: () => handshakes.take(1)
  }
}

function refuse(refusals: TokenBucket, retryAfterMs: number): never {
  if (!refusals.take(1)) throw violation('calls go on although they are refused')
  throw refusal('OVERLOADED', { details: { retryAfterMs } })
}
