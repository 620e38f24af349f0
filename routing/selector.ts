/** Whom the router asks next, and what it learns of those it asked: the part that can be compared with simpler ones. */
import type { Clock } from '../core/clock.ts'
import { LIMITS } from '../core/limits.ts'
import type { Random } from '../core/random.ts'
import { createBans } from './bans.ts'
import type { Bans } from './bans.ts'
import type { CallMeter } from './call-meter.ts'
import { watchCall } from './call-watch.ts'
import type { Call } from './call-watch.ts'
import type { RouteProvider } from './directory-port.ts'
import { estimate } from './estimate.ts'
import type { Estimate } from './estimate.ts'
import { createFacts } from './facts.ts'
import type { Facts, WorkerFacts, WorkerKey } from './facts.ts'
import { pick, poolOf } from './policy.ts'
import type { Demand, Picked } from './policy.ts'
import type { SilentPeers } from './silent-peers.ts'
import type { Workers } from './workers.ts'

/** Why a candidate was not even compared. */
export type Exclusion = 'not-connected' | 'banned' | 'breaker-open' | 'asked-to-wait'

export interface Choice extends Picked {
  /** How many candidates were passed over, by reason. */
  readonly excluded: Readonly<Partial<Record<Exclusion, number>>>
}

/** Everything that is known of a candidate, for those who ask why. */
export interface Standing {
  readonly provider: RouteProvider
  readonly estimate: Estimate
  readonly exclusion: Exclusion | undefined
  /** Whether the policy has it in mind at all. */
  readonly inPool: boolean
  /** Milliseconds that the exclusion lasts yet. */
  readonly excludedMs: number
  readonly runP50Ms: number | undefined
  readonly runP95Ms: number | undefined
  readonly queueP95Ms: number | undefined
  readonly firstEventP95Ms: number | undefined
}

export interface Selector {
  /** `undefined` without candidates. Who is excluded is taken only when everybody is. */
  choose(candidates: readonly RouteProvider[], demand: Demand): Choice | undefined
  /** A task leaves for `worker` now. */
  begin(worker: WorkerKey): Call
  /** Milliseconds after which one that can be left for another is taken to be silent. */
  patienceMs(worker: WorkerKey): number
  /** Milliseconds after which a task is late at any worker of that agent; `undefined` while too little is known. */
  lateAfterMs(agentId: string): number | undefined
  /** Who may have a task besides `first`: the policy has it in mind, and it has a free place. */
  second(
    candidates: readonly RouteProvider[],
    demand: Demand,
    first: RouteProvider
  ): RouteProvider | undefined
  explain(candidates: readonly RouteProvider[], demand: Demand): readonly Standing[]
}

/** Acceptance takes a round trip and a write to disk, and neither is ever so slow on a healthy host. */
const LEAST_PATIENCE_MS = 600
/** Fewer answers have no 95th percentile that is not just the slowest of them. */
const LEAST_ANSWERS = 20
/** To ask another one takes as long, between LAN and ocean. */
const LEAST_LATE_MS = 50
/** As many times as long as acceptance has taken in 95 of 100 cases. */
const PATIENCE = 4

export interface SelectorComponents {
  readonly workers: Pick<Workers, 'rttMs'> & { readonly silent: Pick<SilentPeers, 'has'> }
  readonly clock: Pick<Clock, 'monotonic'>
  readonly random: Random
  readonly meter?: CallMeter
}

export function createSelector(components: SelectorComponents): Selector {
  return new FactSelector(components)
}

class FactSelector implements Selector {
  readonly #parts: SelectorComponents
  readonly #facts: Facts
  readonly #bans: Bans

  constructor(parts: SelectorComponents) {
    this.#parts = parts
    this.#facts = createFacts(parts.clock)
    this.#bans = createBans(parts.clock)
  }

  choose(candidates: readonly RouteProvider[], demand: Demand): Choice | undefined {
    const { left, excluded } = this.#available(candidates)
    const picked = pick(demand, left, {
      random: this.#parts.random,
      estimate: (provider) => this.#estimate(provider),
      askedAt: (provider) => this.#askedAt(provider)
    })
    return picked && { ...picked, excluded }
  }

  begin(worker: WorkerKey): Call {
    const { clock, meter } = this.#parts
    return watchCall({ clock, meter, facts: this.#facts, bans: this.#bans }, worker)
  }

  patienceMs(worker: WorkerKey): number {
    const measuredMs = this.#facts.find(worker)?.acceptMs.quantile(0.95)
    const usualMs = measuredMs ?? this.#parts.workers.rttMs(worker.peer) ?? 0
    return Math.min(LIMITS.acceptance.value, Math.max(LEAST_PATIENCE_MS, PATIENCE * usualMs))
  }

  lateAfterMs(agentId: string): number | undefined {
    const answers = this.#facts.answerMs(agentId)
    if (answers === undefined || answers.size < LEAST_ANSWERS) return undefined
    return Math.max(LEAST_LATE_MS, answers.quantile(0.95) ?? 0)
  }

  second(
    candidates: readonly RouteProvider[],
    demand: Demand,
    first: RouteProvider
  ): RouteProvider | undefined {
    // What was to stay at this node stays, though its place there is taken now: by this very task.
    if (first.local && demand.policy === 'local-first') return undefined
    const now = this.#parts.clock.monotonic()
    const allowed = candidates.filter((one) => one.connected && !this.#exclusion(one, now))
    const pool = poolOf(demand, allowed, { askedAt: (provider) => this.#askedAt(provider) })
    const others = pool.filter((one) => one !== first && isSpare(one, this.#facts.find(one)))
    return this.choose(others, { policy: 'fastest' })?.provider
  }

  explain(candidates: readonly RouteProvider[], demand: Demand): readonly Standing[] {
    const now = this.#parts.clock.monotonic()
    const { left } = this.#available(candidates)
    const pool = new Set(poolOf(demand, left, { askedAt: (provider) => this.#askedAt(provider) }))
    const isAnyConnected = candidates.some((one) => this.#isThere(one))
    return candidates.map((provider) => {
      const own = this.#facts.find(provider)
      const [exclusion, excludedMs = 0] = this.#exclusion(provider, now) ?? []
      const away =
        isAnyConnected && !this.#isThere(provider) ? ('not-connected' as const) : undefined
      return {
        provider,
        estimate: this.#estimate(provider),
        exclusion: exclusion ?? away,
        excludedMs,
        inPool: pool.has(provider),
        runP50Ms: own?.runMs.quantile(0.5),
        runP95Ms: own?.runMs.quantile(0.95),
        queueP95Ms: own?.queueMs.quantile(0.95),
        firstEventP95Ms: own?.firstEventMs.quantile(0.95)
      }
    })
  }

  /** Whether it has a session, and is heard. */
  #isThere({ connected, peer }: RouteProvider): boolean {
    return connected && !this.#parts.workers.silent.has(peer)
  }

  #askedAt(provider: RouteProvider): number {
    return this.#facts.find(provider)?.askedAt ?? -Infinity
  }

  #estimate(provider: RouteProvider): Estimate {
    const { workers, clock } = this.#parts
    const rttMs = provider.local ? 0 : workers.rttMs(provider.peer)
    return estimate(this.#facts, provider, { rttMs, now: clock.monotonic() })
  }

  /** Those that may be asked: with a session if possible. Somebody always may. */
  #available(candidates: readonly RouteProvider[]) {
    const excluded: Partial<Record<Exclusion, number>> = {}
    const now = this.#parts.clock.monotonic()
    const connected: RouteProvider[] = []
    const away: RouteProvider[] = []
    for (const candidate of candidates) {
      const exclusion = this.#exclusion(candidate, now)?.[0]
      if (exclusion !== undefined) excluded[exclusion] = (excluded[exclusion] ?? 0) + 1
      else if (this.#isThere(candidate)) connected.push(candidate)
      else away.push(candidate)
    }
    if (connected.length > 0) {
      if (away.length > 0) excluded['not-connected'] = away.length
      return { excluded, left: connected }
    }
    return { excluded, left: away.length > 0 ? away : this.#soonest(candidates, now) }
  }

  /** Everybody is excluded: the one whose exclusion ends first is asked all the same. */
  #soonest(candidates: readonly RouteProvider[], now: number): readonly RouteProvider[] {
    let best: RouteProvider | undefined
    let least = Infinity
    for (const candidate of candidates) {
      const ms = this.#exclusion(candidate, now)?.[1] ?? 0
      if (ms >= least) continue
      least = ms
      best = candidate
    }
    return best === undefined ? [] : [best]
  }

  /** Why it is not to be asked now, and for how long. */
  #exclusion(provider: RouteProvider, now: number): [Exclusion, number] | undefined {
    const bannedMs = this.#bans.isEmpty ? 0 : this.#bans.remainingMs(provider.peer)
    if (bannedMs > 0) return ['banned', bannedMs]
    const own = this.#facts.find(provider)
    if (own === undefined) return undefined
    if (!own.breaker.allows(now)) return ['breaker-open', own.breaker.opensIn(now)]
    if (own.notBefore > now) return ['asked-to-wait', own.notBefore - now]
    return undefined
  }
}

/** A place that is free, as far as is known, and that costs nothing: nobody asked for it to be paid twice. */
function isSpare(
  { load = 0, slots = 1, price = 0, idempotent }: RouteProvider,
  own: WorkerFacts | undefined
): boolean {
  return idempotent && price === 0 && load < 1 && (own?.inFlight ?? 0) < slots
}
