/**
 * Keeps a handful of well-spread session peers: bootstrap leaves a star behind, in which gossip
 * reached 46 of 59 nodes (faults-and-libp2p.md, 1.C), and which dies with its hub.
 */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import type { Session } from '../../protocols/session/session.ts'
import type { PeerHint } from './hint.ts'
import type { Appetite } from './redial.ts'
import { sample } from './sampling.ts'

/** Below this many session peers the node looks for more (`network.targetPeers`). */
export const TARGET_PEERS = 8
/** Above this share of the target it asks peers to be let go. */
const HIGH_WATER = 1.5
/** Between two questions while peers are missing; grows while nobody has news. */
const HUNGRY_MS = 400
const HUNGRY_MAX_MS = 10_000
/** Between two questions when all is well: the book stays fresh for the day peers are lost. */
const CONTENT_MS = 60_000
const CROWDED_MS = 1000
/** Peers asked for release at a time: as many as this, or this share of those too many. */
const RELEASES_AT_ONCE = 16
const RELEASED_SHARE = 0.25
/** A wish to be released is remembered so long while a substitute is sought. */
const WISH_MS = 30_000
/** So many substitutes are sought at a time: a hub that leaves must not start a stampede. */
const MAX_WISHES = 3
/** A walk through the DHT dials strangers; it is for when peers have nobody left to name. */
const WALK_INTERVAL_MS = 30_000
const WALK_TIMEOUT_MS = 5000

export interface TopologyComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly sessions: () => readonly Session[]
  readonly isConnected: (peer: PeerIdText) => boolean
  readonly exchange: {
    ask(session: Session): Promise<number>
    askRelease(session: Session): Promise<boolean>
  }
  readonly redialer: {
    poke(): void
    isPinned(peer: PeerIdText): boolean
    isHeld(peer: PeerIdText): boolean
    hasStrangers(): boolean
    untried(): number
  }
  /** Closes session and connection in an orderly way. */
  readonly disconnect: (peer: PeerIdText) => Promise<void>
  /** Peers that are needed for more than their company are not asked to go, and not let go. */
  readonly isBusy: (peer: PeerIdText) => boolean
  /** Random walk through the DHT; `undefined` without a DHT. */
  readonly walk: ((signal: AbortSignal) => AsyncIterable<PeerHint>) | undefined
  readonly learn: (hint: PeerHint) => void
}

export interface TopologyInit {
  readonly targetPeers?: number
}

/** It looks for peers; it has enough and room for more; it has none. */
export type Crowding = 0 | 1 | 2

export interface Topology extends Component {
  appetite(): Appetite
  /** How ready a peer is for another session peer, as far as known: the less, the sooner it is named to others. */
  crowding(peer: PeerIdText): Crowding
  /** A peer was named to somebody, who may well dial it. */
  onHandedOn(peer: PeerIdText): void
  onDegree(peer: PeerIdText, degree: number): void
  /** A peer asks whether it may close its session with us. */
  release(peer: PeerIdText): boolean
  opened(session: Session): void
  /** Says whether the end was agreed upon. */
  closed(peer: PeerIdText): 'released' | 'lost'
}

export function createTopology(components: TopologyComponents, init: TopologyInit = {}): Topology {
  return new TopologyKeeper(components, init.targetPeers ?? TARGET_PEERS)
}

class TopologyKeeper implements Topology {
  readonly #parts: TopologyComponents
  readonly #low: number
  readonly #high: number
  /** What session peers last said about themselves. */
  readonly #degrees = new Map<PeerIdText, number>()
  /** Peers that wish to go, and until when a substitute is sought. */
  readonly #wishes = new Map<PeerIdText, number>()
  /** Peers that were let go, or are being left, and whose session is not closed yet. */
  readonly #leaving = new Set<PeerIdText>()
  #stopping = new AbortController()
  #wake: (() => void) | undefined
  #rounds: Promise<void> | undefined
  #pause = HUNGRY_MS
  #walkedAt = -Infinity

  constructor(parts: TopologyComponents, low: number) {
    this.#parts = parts
    this.#low = low
    this.#high = Math.ceil(low * HIGH_WATER)
  }

  appetite(): Appetite {
    const degree = this.#degree()
    const wishes = Math.min(this.#wishes.size, MAX_WISHES)
    const strangers = this.#low + wishes - degree
    return { strangers, lost: Math.max(strangers, this.#high - degree) }
  }

  crowding(peer: PeerIdText): Crowding {
    const degree = this.#degrees.get(peer) ?? 0
    return degree < this.#low ? 0 : degree < this.#high ? 1 : 2
  }

  /** Until it speaks for itself again, a peer that was named is taken to have one more. */
  onHandedOn(peer: PeerIdText): void {
    if (this.#parts.isConnected(peer)) this.onDegree(peer, (this.#degrees.get(peer) ?? 0) + 1)
  }

  onDegree(peer: PeerIdText, degree: number): void {
    this.#degrees.set(peer, degree)
  }

  release(peer: PeerIdText): boolean {
    const { clock, isBusy, redialer } = this.#parts
    if (redialer.isHeld(peer) || isBusy(peer)) return false
    if (this.#leaving.has(peer)) return true
    if (this.#degree() > this.#low) {
      this.#leaving.add(peer)
      this.#wishes.delete(peer)
      return true
    }
    this.#wishes.set(peer, clock.monotonic() + WISH_MS)
    this.#hurry()
    redialer.poke()
    return false
  }

  opened(session: Session): void {
    this.#leaving.delete(session.peer)
    if (this.#isShortOfNames()) void this.#ask(session)
    this.#hurry()
  }

  closed(peer: PeerIdText): 'released' | 'lost' {
    this.#degrees.delete(peer)
    this.#wishes.delete(peer)
    this.#hurry()
    return this.#leaving.delete(peer) ? 'released' : 'lost'
  }

  async start(): Promise<void> {
    if (this.#rounds !== undefined) return
    this.#stopping = new AbortController()
    this.#rounds = this.#repeat(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake?.()
    await this.#rounds
    this.#rounds = undefined
  }

  /** Session peers that will still be there in a moment. */
  #degree(): number {
    const sessions = this.#parts.sessions()
    return sessions.filter(({ peer }) => !this.#leaving.has(peer)).length
  }

  /** Something changed: the next round comes soon, and with fresh patience. */
  #hurry(): void {
    this.#pause = HUNGRY_MS
    this.#wake?.()
  }

  async #repeat(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      await this.#round(stopped)
      await this.#sleep(this.#nextPause(), stopped)
    }
  }

  /** Sleeps, but no longer than a hungry moment once something has changed. */
  async #sleep(ms: number, stopped: AbortSignal): Promise<void> {
    // The node may have been stopped while the round went on, when there was nobody to wake.
    if (stopped.aborted) return
    const { clock } = this.#parts
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    const slept = await clock.sleep(this.#jitter(ms), woken.signal)
    this.#wake = undefined
    if (!slept && !stopped.aborted) await clock.sleep(this.#jitter(HUNGRY_MS), stopped)
  }

  #jitter(ms: number): number {
    return ms * (0.5 + this.#parts.random.next())
  }

  #nextPause(): number {
    if (this.#degree() > this.#high) return CROWDED_MS
    return this.appetite().strangers > 0 ? this.#pause : CONTENT_MS
  }

  async #round(stopped: AbortSignal): Promise<void> {
    this.#forgetWishes()
    const sessions = this.#parts.sessions()
    const excess = this.#degree() - this.#high
    if (excess > 0) {
      await this.#shed(excess)
      return
    }
    const isHungry = this.appetite().strangers > 0
    if (!isHungry || this.#isShortOfNames()) {
      const [neighbour] = sample(sessions, 1, this.#parts.random)
      const news = neighbour === undefined ? 0 : await this.#ask(neighbour)
      if (news === 0) this.#pause = Math.min(HUNGRY_MAX_MS, this.#pause * 1.5)
    }
    if (this.appetite().strangers <= 0) return
    if (!this.#parts.redialer.hasStrangers()) await this.#walk(stopped)
    this.#parts.redialer.poke()
  }

  /** Whether fewer are left to try than are wanted: a hundred newcomers that ask for more are work for each other. */
  #isShortOfNames(): boolean {
    const { strangers } = this.appetite()
    return strangers > 0 && this.#parts.redialer.untried() < strangers
  }

  #forgetWishes(): void {
    const now = this.#parts.clock.monotonic()
    for (const [peer, until] of this.#wishes) if (until < now) this.#wishes.delete(peer)
  }

  async #ask(session: Session): Promise<number> {
    try {
      return await this.#parts.exchange.ask(session)
    } catch (error) {
      this.#parts.logger.debug('a peer named no peers', { peer: session.peer, error })
      return 0
    }
  }

  /** Asks as many peers as are too many whether we may go; each decides for itself. */
  async #shed(excess: number): Promise<void> {
    const { isBusy, random, redialer, sessions } = this.#parts
    const candidates = sessions().filter(
      ({ peer }) => !this.#leaving.has(peer) && !redialer.isPinned(peer) && !isBusy(peer)
    )
    const ranked = sample(candidates, candidates.length, random).toSorted(
      (a, b) => (this.#degrees.get(b.peer) ?? 0) - (this.#degrees.get(a.peer) ?? 0)
    )
    const asked = ranked.slice(
      0,
      Math.min(excess, Math.max(RELEASES_AT_ONCE, RELEASED_SHARE * excess))
    )
    await Promise.all(asked.map((session) => this.#leave(session)))
  }

  async #leave(session: Session): Promise<void> {
    const { disconnect, exchange, logger } = this.#parts
    try {
      if (!(await exchange.askRelease(session))) return
      this.#leaving.add(session.peer)
      await disconnect(session.peer)
    } catch (error) {
      logger.debug('a peer was not left', { peer: session.peer, error })
    }
  }

  async #walk(stopped: AbortSignal): Promise<void> {
    const { clock, learn, logger, sessions, walk } = this.#parts
    const now = clock.monotonic()
    if (walk === undefined || sessions().length === 0) return
    if (now - this.#walkedAt < WALK_INTERVAL_MS) return
    this.#walkedAt = now
    const ending = new AbortController()
    const end = (): void => ending.abort()
    const cancelTimer = clock.after(WALK_TIMEOUT_MS, end)
    stopped.addEventListener('abort', end)
    try {
      for await (const hint of walk(ending.signal)) learn(hint)
    } catch (error) {
      logger.debug('a walk through the DHT ended early', { error })
    } finally {
      cancelTimer()
      stopped.removeEventListener('abort', end)
    }
  }
}
