/** Shares what repair may cost this node among the peers that repair with it. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'

export interface ServingGate {
  /**
   * Runs `action` when `peer` has tokens left and one of the places is free: in the order of
   * arrival. `action` says how many records it moved, which is what tokens count.
   *
   * @throws OVERLOADED when the peer has too many calls waiting; the reason of `signal`
   */
  run<T>(peer: PeerIdText, signal: AbortSignal, action: () => Promise<Served<T>>): Promise<T>
}

export interface Served<T> {
  readonly answer: T
  readonly records: number
}

interface Account {
  quota: RepairQuota
  /** May be below zero: what a call moves is known afterwards. */
  tokens: number
  /** Monotonic milliseconds of the last refill. */
  refilledAt: number
  calls: number
}

/** Records that a call costs beside those it moves: looking them up is work, too. */
const CALL_COST = 8

/** What one peer may have repaired: names of LIMITS. */
export type RepairQuota = Readonly<
  Record<'memoryServeRate' | 'memoryServeBurst' | 'memoryCallsPerPeer', number>
>

const WHOLE: RepairQuota = {
  memoryServeRate: LIMITS.memoryServeRate.value,
  memoryServeBurst: LIMITS.memoryServeBurst.value,
  memoryCallsPerPeer: LIMITS.memoryCallsPerPeer.value
}

export interface ServingGateComponents {
  readonly clock: Clock
  /** Default: the limits. */
  readonly quotaOf?: ((peer: PeerIdText) => RepairQuota) | undefined
}

export function createServingGate({
  clock,
  quotaOf = () => WHOLE
}: ServingGateComponents): ServingGate {
  const accounts = createAccounts({ clock, quotaOf })
  const places = createPlaces(LIMITS.memoryRepairs.value)

  async function paced<T>(
    account: Account,
    signal: AbortSignal,
    action: () => Promise<Served<T>>
  ): Promise<T> {
    account.tokens -= CALL_COST
    const wait = (-account.tokens / account.quota.memoryServeRate) * 1000
    if (wait > 0) await clock.sleep(wait, signal)
    const leave = await places.enter()
    try {
      // Whoever left meanwhile must not cost anything.
      signal.throwIfAborted()
      const { answer, records } = await action()
      account.tokens -= records
      return answer
    } finally {
      leave()
    }
  }

  return {
    async run(peer, signal, action) {
      const account = accounts.of(peer)
      if (account.calls >= account.quota.memoryCallsPerPeer) {
        throw new LumosError('OVERLOADED', { details: { retryAfterMs: 1000 } })
      }
      account.calls += 1
      try {
        return await paced(account, signal, action)
      } finally {
        account.calls -= 1
        accounts.forgetIdle()
      }
    }
  }
}

interface Accounts {
  of(peer: PeerIdText): Account
  forgetIdle(): void
}

function createAccounts({
  clock,
  quotaOf
}: {
  readonly clock: Clock
  readonly quotaOf: (peer: PeerIdText) => RepairQuota
}): Accounts {
  const accounts = new Map<PeerIdText, Account>()

  function refill(account: Account): void {
    const now = clock.monotonic()
    const { memoryServeRate, memoryServeBurst } = account.quota
    const gained = ((now - account.refilledAt) / 1000) * memoryServeRate
    account.tokens = Math.min(memoryServeBurst, account.tokens + gained)
    account.refilledAt = now
  }

  return {
    of(peer) {
      const quota = quotaOf(peer)
      const account = accounts.get(peer) ?? {
        quota,
        tokens: quota.memoryServeBurst,
        refilledAt: clock.monotonic(),
        calls: 0
      }
      account.quota = quota
      refill(account)
      accounts.set(peer, account)
      return account
    },
    forgetIdle() {
      if (accounts.size <= LIMITS.connections.value) return
      for (const [peer, account] of accounts) {
        refill(account)
        const isWhole = account.tokens >= account.quota.memoryServeBurst
        if (account.calls === 0 && isWhole) accounts.delete(peer)
      }
    }
  }
}

interface Places {
  enter(): Promise<() => void>
}

function createPlaces(count: number): Places {
  const waiting: (() => void)[] = []
  let free = count

  function leave(): void {
    const next = waiting.shift()
    if (next === undefined) free += 1
    else next()
  }

  return {
    async enter() {
      if (free > 0) free -= 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      return leave
    }
  }
}
