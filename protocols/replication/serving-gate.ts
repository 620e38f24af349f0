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
  /** May be below zero: what a call moves is known afterwards. */
  tokens: number
  /** Monotonic milliseconds of the last refill. */
  refilledAt: number
  calls: number
}

/** Records that a call costs beside those it moves: looking them up is work, too. */
const CALL_COST = 8

export function createServingGate({ clock }: { readonly clock: Clock }): ServingGate {
  const accounts = createAccounts(clock)
  const places = createPlaces(LIMITS.memoryRepairs.value)

  async function paced<T>(
    account: Account,
    signal: AbortSignal,
    action: () => Promise<Served<T>>
  ): Promise<T> {
    account.tokens -= CALL_COST
    const wait = (-account.tokens / LIMITS.memoryServeRate.value) * 1000
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
      if (account.calls >= LIMITS.memoryCallsPerPeer.value) {
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

function createAccounts(clock: Clock): Accounts {
  const accounts = new Map<PeerIdText, Account>()
  const burst = LIMITS.memoryServeBurst.value

  function refill(account: Account): void {
    const now = clock.monotonic()
    const gained = ((now - account.refilledAt) / 1000) * LIMITS.memoryServeRate.value
    account.tokens = Math.min(burst, account.tokens + gained)
    account.refilledAt = now
  }

  return {
    of(peer) {
      const account = accounts.get(peer) ?? {
        tokens: burst,
        refilledAt: clock.monotonic(),
        calls: 0
      }
      refill(account)
      accounts.set(peer, account)
      return account
    },
    forgetIdle() {
      if (accounts.size <= LIMITS.connections.value) return
      for (const [peer, account] of accounts) {
        refill(account)
        if (account.calls === 0 && account.tokens >= burst) accounts.delete(peer)
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
