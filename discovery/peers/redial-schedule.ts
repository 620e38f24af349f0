/** Decides whom to dial and when, and remembers how each peer stands: all of it without clocks or sockets. */
import type { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Random } from '../../core/random.ts'
import { delayAfter, retryDelay } from './backoff.ts'
import { networkOf, peerOfAddress } from './hint.ts'
import type { FoundBy } from './hint.ts'
import type { AddressFailure, PeerBook } from './peer-book.ts'
import { sample } from './sampling.ts'

export type GoalState = 'connected' | 'connecting' | 'disconnected' | 'refused'

/** What this node wants of one peer, and how it stands. */
export interface PeerGoal {
  /** `undefined` for a configured address that has never answered. */
  readonly peer: PeerIdText | undefined
  readonly name: string | undefined
  readonly state: GoalState
  /** Configured, or asked for by a person: tried for ever, whatever else is connected. */
  readonly pinned: boolean
  readonly addresses: readonly string[]
  readonly foundBy: readonly FoundBy[]
  /** Why it is not connected. */
  readonly error: LumosError | undefined
  readonly failures: readonly AddressFailure[]
  /** Tries in a row that failed. */
  readonly attempts: number
  /** Milliseconds until the next try; `undefined` while connected or being dialled. */
  readonly retryInMs: number | undefined
}

/** A peer, or a pinned address, that this node may dial. */
export interface Target {
  /** `undefined` until a pinned address has answered. */
  readonly peer: PeerIdText | undefined
  readonly address: string | undefined
  /** Tries in a row that failed before this one. */
  readonly attempts: number
}

const CONNECTED = {
  state: 'connected',
  attempts: 0,
  restUntil: 0,
  lost: false,
  error: undefined,
  failures: []
} as const satisfies Partial<Plan>

interface Plan {
  peer: PeerIdText | undefined
  /** Set for pinned addresses only. */
  readonly address: string | undefined
  readonly foundBy: FoundBy | undefined
  /** Whether it is being dialled is not said here: a dial may outlast a session's whole life. */
  state: Exclude<GoalState, 'connecting'>
  attempts: number
  /** Milliseconds on the monotonic clock. */
  dueAt: number
  /** Until then it is dialled only when strangers are wanted. */
  restUntil: number
  /** Its session broke; it is wanted back. */
  lost: boolean
  error: LumosError | undefined
  failures: readonly AddressFailure[]
}

export interface RedialScheduleComponents {
  readonly random: Random
  readonly book: PeerBook
}

export interface Slots {
  /** Dials that may begin now. */
  readonly free: number
  /** How many of them may go to peers that are neither pinned nor lost. */
  readonly strangers: number
  /** How many may go to peers that are not pinned: strangers, and those whose session broke. */
  readonly lost: number
  /** How many may go to peers that failed last time, so that the dead never hold up the living. */
  readonly retries: number
}

/** A peer that let us go, or that we let go, is not sought again for so long unless needed. */
export const RELEASED_REST_MS = 15 * 60_000

/** When one that was unreachable is back, the others are tried within this, at random: a cut is over for all at once. */
const HASTENED_MS = 2000

/** Its session broke, and it could not be reached since. */
function wasUnreachable({ lost, attempts, state }: Plan): boolean {
  return lost && attempts > 0 && state === 'disconnected'
}

/** All times are milliseconds on the monotonic clock, handed in as `now`. */
export class RedialSchedule {
  readonly #random: Random
  readonly #book: PeerBook
  readonly #plans = new Map<PeerIdText, Plan>()
  /** By address. Once one has answered, its plan is the peer's only one. */
  readonly #pins = new Map<string, Plan>()
  /** Peers, or addresses of peers still unknown, with a dial under way. */
  readonly #dialled = new Set<string>()

  constructor({ random, book }: RedialScheduleComponents) {
    this.#random = random
    this.#book = book
  }

  /** Makes the peer a candidate, or a sleeping one due `notBefore`. */
  meet(peer: PeerIdText, notBefore: number): void {
    const plan = this.#planOf(peer)
    if (!this.#isIdle(plan)) return
    plan.state = 'disconnected'
    plan.attempts = 0
    plan.dueAt = notBefore
  }

  pin(address: string, foundBy: FoundBy): void {
    if (this.#pins.has(address)) return
    const peer = peerOfAddress(address)
    const known = peer === undefined ? undefined : this.#plans.get(peer)
    if (peer !== undefined) this.#plans.delete(peer)
    this.#pins.set(address, {
      ...newPlan(peer, address, foundBy),
      state: known?.state ?? 'disconnected'
    })
  }

  unpin(peer: PeerIdText): void {
    for (const [address, plan] of this.#pins) {
      if (plan.peer !== peer) continue
      this.#pins.delete(address)
      this.#plans.set(peer, { ...plan, ...newPlan(peer), state: plan.state })
    }
  }

  isPinned(peer: PeerIdText): boolean {
    return this.#pinsOf(peer).length > 0
  }

  isHeld(peer: PeerIdText): boolean {
    return this.#pinsOf(peer).some(({ foundBy }) => foundBy === 'manual')
  }

  /** Whom to dial now; each counts as connecting until its dial is reported `ended`. */
  take(now: number, slots: Slots): readonly Target[] {
    const taken: Plan[] = []
    for (const plan of this.#pins.values()) {
      if (!this.#isDue(plan, now, slots) || this.#isBusyElsewhere(plan)) continue
      if (fits(plan, taken, slots)) taken.push(this.#begin(plan))
    }
    for (const plan of this.#ranked(now, slots)) {
      const room = plan.lost ? slots.lost : slots.strangers
      const hopeful = taken.filter(
        ({ address, attempts }) => address === undefined && attempts === 0
      )
      if (hopeful.length < room && fits(plan, taken, slots)) taken.push(this.#begin(plan))
    }
    return taken
  }

  /** A dial is over; what it led to is told by `opened`, `closed` or `failed`. */
  ended({ peer, address }: Pick<Target, 'peer' | 'address'>): void {
    for (const key of [peer, address]) if (key !== undefined) this.#dialled.delete(key)
  }

  /** When to look again, if anybody will be due. */
  nextDue(now: number, slots: Slots): number | undefined {
    let next = Infinity
    for (const plan of [...this.#pins.values(), ...this.#plans.values()]) {
      if (!this.#isIdle(plan) || !this.#canDial(plan) || !isWanted(plan, slots)) continue
      if (plan.attempts > 0 && slots.retries <= 0) continue
      const rested = slots.strangers > 0 ? 0 : plan.restUntil
      next = Math.min(next, Math.max(now, plan.dueAt, rested))
    }
    return next < Infinity ? next : undefined
  }

  /** Whether anybody who is not pinned could be dialled, now or later. */
  hasStrangers(): boolean {
    return [...this.#plans.values()].some((plan) => this.#isIdle(plan) && this.#canDial(plan))
  }

  /** How many who are not pinned could be dialled and have not failed. */
  untried(): number {
    const plans = [...this.#plans.values()]
    return plans.filter((plan) => plan.attempts === 0 && this.#isIdle(plan) && this.#canDial(plan))
      .length
  }

  /** A pinned address answered as `peer`. */
  answered(address: string, peer: PeerIdText): void {
    const pin = this.#pins.get(address)
    if (pin === undefined) return
    pin.peer = peer
    this.#plans.delete(peer)
  }

  opened(peer: PeerIdText, now: number): void {
    const plans = this.#plansOf(peer)
    const isBack = plans.some(wasUnreachable)
    for (const plan of plans) Object.assign(plan, CONNECTED)
    // What kept it away may have kept others away.
    if (isBack) this.#hasten(now)
  }

  closed(peer: PeerIdText, now: number, how: 'released' | 'lost'): void {
    for (const plan of this.#plansOf(peer)) {
      plan.state = 'disconnected'
      plan.dueAt = now + retryDelay(1, this.#random)
      plan.lost = how === 'lost'
      plan.restUntil = how === 'lost' ? 0 : now + RELEASED_REST_MS
    }
  }

  /** A dial ended without a session, or the peer turned us away. */
  failed(
    target: Pick<Target, 'peer' | 'address'>,
    now: number,
    outcome: { readonly error: LumosError; readonly failures: readonly AddressFailure[] }
  ): void {
    const { peer, address } = target
    const pin = address === undefined ? undefined : this.#pins.get(address)
    const plans = pin === undefined ? (peer === undefined ? [] : this.#plansOf(peer)) : [pin]
    for (const plan of plans) {
      if (plan.state === 'connected') continue
      plan.attempts++
      Object.assign(plan, outcome, { state: outcome.error.retry ? 'disconnected' : 'refused' })
      plan.dueAt = now + delayAfter(outcome.error, plan.attempts, this.#random)
    }
  }

  goals(now: number): readonly PeerGoal[] {
    const pinned = Array.from(this.#pins.values(), (plan) => this.#goal(plan, now))
    return [...pinned, ...Array.from(this.#plans.values(), (plan) => this.#goal(plan, now))]
  }

  #hasten(now: number): void {
    for (const plan of [...this.#pins.values(), ...this.#plans.values()]) {
      const soon = now + this.#random.next() * HASTENED_MS
      if (wasUnreachable(plan)) plan.dueAt = Math.min(plan.dueAt, soon)
    }
  }

  #begin(plan: Plan): Plan {
    const key = plan.peer ?? plan.address
    if (key !== undefined) this.#dialled.add(key)
    return plan
  }

  #isDialled({ peer, address }: Plan): boolean {
    return [peer, address].some((key) => key !== undefined && this.#dialled.has(key))
  }

  #isIdle(plan: Plan): boolean {
    return plan.state !== 'connected' && !this.#isDialled(plan)
  }

  #isDue(plan: Plan, now: number, { strangers }: Slots): boolean {
    return this.#isIdle(plan) && plan.dueAt <= now && (strangers > 0 || plan.restUntil <= now)
  }

  #goal(plan: Plan, now: number): PeerGoal {
    const { peer, address, foundBy, attempts, error, failures } = plan
    const isConnecting = plan.state !== 'connected' && this.#isDialled(plan)
    const known = peer === undefined ? undefined : this.#book.get(peer)
    const addresses = [...(address === undefined ? [] : [address]), ...(known?.addresses ?? [])]
    // The session of a pinned address may open before the dial can say whose it is.
    const sources = (known?.foundBy ?? []).filter(
      (by) => foundBy === undefined || by !== 'incoming'
    )
    return {
      peer,
      name: known?.name,
      state: isConnecting ? 'connecting' : plan.state,
      pinned: address !== undefined,
      addresses: [...new Set(addresses)],
      foundBy: [...new Set([...(foundBy === undefined ? [] : [foundBy]), ...sources])],
      error,
      failures,
      attempts,
      retryInMs: this.#isIdle(plan) ? Math.max(0, plan.dueAt - now) : undefined
    }
  }

  #pinsOf(peer: PeerIdText): Plan[] {
    return [...this.#pins.values()].filter((plan) => plan.peer === peer)
  }

  #plansOf(peer: PeerIdText): readonly Plan[] {
    const pins = this.#pinsOf(peer)
    return pins.length > 0 ? pins : [this.#planOf(peer)]
  }

  #planOf(peer: PeerIdText): Plan {
    const [pin] = this.#pinsOf(peer)
    const known = pin ?? this.#plans.get(peer)
    if (known !== undefined) return known
    if (this.#plans.size >= 2 * LIMITS.knownPeers.value) this.#forgetStrangers()
    const plan = newPlan(peer)
    this.#plans.set(peer, plan)
    return plan
  }

  /** Plans follow the book, which is bounded; its evictions are noticed here. */
  #forgetStrangers(): void {
    for (const [peer, plan] of this.#plans) {
      if (this.#isIdle(plan) && !this.#book.has(peer)) this.#plans.delete(peer)
    }
  }

  /** Two pinned addresses of one peer: one connection will do. */
  #isBusyElsewhere({ peer }: Plan): boolean {
    return peer !== undefined && this.#pinsOf(peer).some((plan) => !this.#isIdle(plan))
  }

  #canDial({ peer, address }: Plan): boolean {
    if (address !== undefined) return true
    return peer !== undefined && this.#book.hasAddress(peer)
  }

  /** Not rested last, then the least tried; among equals, those from the least represented networks. */
  #ranked(now: number, slots: Slots): readonly Plan[] {
    if (slots.free <= 0 || slots.lost <= 0) return []
    const due = [...this.#plans.values()].filter(
      (plan) => this.#isDue(plan, now, slots) && isWanted(plan, slots) && this.#canDial(plan)
    )
    const crowds = this.#crowds()
    return sample(due, due.length, this.#random).toSorted(
      (a, b) =>
        Number(a.restUntil > now) - Number(b.restUntil > now) ||
        a.attempts - b.attempts ||
        this.#crowd(a, crowds) - this.#crowd(b, crowds)
    )
  }

  /** Connected peers for each network. */
  #crowds(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const plan of this.#plans.values()) {
      if (this.#isIdle(plan)) continue
      const network = this.#network(plan)
      counts.set(network, (counts.get(network) ?? 0) + 1)
    }
    return counts
  }

  #crowd(plan: Plan, crowds: ReadonlyMap<string, number>): number {
    return crowds.get(this.#network(plan)) ?? 0
  }

  #network({ peer }: Plan): string {
    const [address = ''] = (peer && this.#book.get(peer)?.addresses) || []
    return networkOf(address)
  }
}

function newPlan(peer: PeerIdText | undefined, address?: string, foundBy?: FoundBy): Plan {
  return {
    peer,
    address,
    foundBy,
    state: 'disconnected',
    attempts: 0,
    dueAt: 0,
    restUntil: 0,
    lost: false,
    error: undefined,
    failures: []
  }
}

function fits({ attempts }: Plan, taken: readonly Plan[], slots: Slots): boolean {
  if (taken.length >= slots.free) return false
  return attempts === 0 || taken.filter((plan) => plan.attempts > 0).length < slots.retries
}

function isWanted({ address, lost }: Plan, slots: Slots): boolean {
  return address !== undefined || slots.strangers > 0 || (lost && slots.lost > 0)
}
