/** Brings missing cards of peers into the directory, from whoever has them, without a stampede. */
import { halfJitter } from '../../core/backoff.ts'
import type { Clock } from '../../core/clock.ts'
import { toLumosError } from '../../core/errors.ts'
import type { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { RecentMap } from '../../core/recent-map.ts'
import type { Session, Sessions } from '../../protocols/session/session.ts'
import type { CardVerifier } from '../../trust/card-signature.ts'
import type { Directory } from '../directory/directory.ts'
import { transferCards } from './card-transfer.ts'
import type { Wanted } from './card-transfer.ts'

/** Before a stranger is dialled for its cards, this many rounds ask peers that are connected anyway. */
const ASK_AROUND_ROUNDS = 2
/** Connected peers asked in a round: with 10 of 100 nodes holding a new card, two rounds find it often. */
const ASKED_PER_ROUND = 2
/** Rounds start up to this far apart, at random, so that a hundred nodes do not ask at once. */
const ROUND_SPREAD_MS = 600
/** Cards of so many peers are wanted at a time where many start at once. */
const CROWD = 8
/** Then their cards are on their way: a hundred nodes dialled each other for them (measured). Each round is twice as long as the one before. */
const CROWD_ROUNDS = 4
const CROWD_SPREAD_MS = 2000
const BACKOFF = { first: 2000, most: 60_000 }
/** Within a minute: 2, 4, 8, 16 and 32 s. */
const UNASKED_RETRIES = 5

export interface CardFetcherComponents {
  readonly sessions: Pick<Sessions, 'get' | 'all' | 'connect'>
  readonly directory: Directory
  readonly verify: CardVerifier
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly onRefused: (source: PeerIdText, reason: LumosError) => void
}

export interface CardFetcher {
  /** Notes that cards of `peer` are missing; does nothing while it is fetched, waits or must wait. */
  want(peer: PeerIdText, digests: readonly string[]): void
  /** Fetches what is wanted through one session, now. Fails as the session's calls do. */
  fetchFrom(session: Session, wanted: Wanted, signal: AbortSignal): Promise<void>
  /** Ends what is under way. */
  close(): Promise<void>
}

interface Failure {
  readonly count: number
  /** Monotonic milliseconds. */
  until: number
}

export function createCardFetcher(components: CardFetcherComponents): CardFetcher {
  return new QueuedFetcher(components)
}

class QueuedFetcher implements CardFetcher {
  readonly #components: CardFetcherComponents
  readonly #closing = new AbortController()
  /** What is wanted of each peer; in order of arrival. A peer leaves when its fetch starts. */
  readonly #waiting = new Map<PeerIdText, readonly string[]>()
  readonly #fetched = new Map<PeerIdText, readonly string[]>()
  /** Ends the wait of a fetch whose peer can be asked itself now. */
  readonly #waits = new Map<PeerIdText, AbortController>()
  readonly #work = new Set<Promise<void>>()
  readonly #failures = new RecentMap<PeerIdText, Failure>(LIMITS.cardFetchQueue.value)

  constructor(components: CardFetcherComponents) {
    this.#components = components
  }

  want(peer: PeerIdText, digests: readonly string[]): void {
    if (digests.length === 0 || this.#closing.signal.aborted) return
    if (this.#fetched.has(peer)) {
      if (this.#isConnected(peer)) this.#waits.get(peer)?.abort()
      return
    }
    const { until = 0 } = this.#failures.get(peer) ?? {}
    if (until > this.#components.clock.monotonic()) return
    if (!this.#waiting.has(peer) && this.#waiting.size >= LIMITS.cardFetchQueue.value) return
    this.#waiting.set(peer, digests)
    this.#next()
  }

  async fetchFrom(session: Session, wanted: Wanted, signal: AbortSignal): Promise<void> {
    await transferCards(this.#components, { session, wanted, signal })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#waiting.clear()
    await Promise.all(this.#work)
  }

  #next(): void {
    for (const [peer, digests] of this.#waiting) {
      // Who is asked itself has no rounds to wait for, and others will ask for its cards here.
      if (this.#fetched.size >= LIMITS.cardFetches.value && !this.#isConnected(peer)) continue
      this.#waiting.delete(peer)
      this.#fetched.set(peer, digests)
      const work = this.#fetch(peer, digests)
      this.#work.add(work)
      void work.finally(() => this.#work.delete(work))
    }
  }

  async #fetch(peer: PeerIdText, digests: readonly string[]): Promise<void> {
    try {
      await this.#fetchAround(peer, digests)
    } catch (error) {
      this.#components.logger.debug('cards could not be fetched', {
        peer,
        code: toLumosError(error).code
      })
    }
    this.#fetched.delete(peer)
    if (this.#closing.signal.aborted) return
    this.#settle(
      peer,
      digests.some((digest) => this.#isMissing(digest))
    )
    this.#next()
  }

  /** The peer itself if connected; else others that may have its cards; at last by dialling it. */
  async #fetchAround(peer: PeerIdText, digests: readonly string[]): Promise<void> {
    const { sessions, random } = this.#components
    const missing = (): Wanted =>
      new Map(digests.filter((digest) => this.#isMissing(digest)).map((digest) => [digest, peer]))
    for (let round = 0; round < this.#rounds(); round++) {
      const direct = sessions.get(peer)
      if (direct !== undefined) return this.#ask(direct, missing())
      await this.#wait(peer, random.next() * this.#spread(round))
      if (this.#closing.signal.aborted) return
      if (this.#isConnected(peer)) continue
      const around = this.#someSessions()
      if (around.length === 0) break
      for (const session of around) {
        // Meanwhile they may have come with what another fetch asked for.
        if (missing().size === 0) return
        await this.#ask(session, this.#allMissing(missing())).catch(() => undefined)
      }
    }
    const wanted = missing()
    if (wanted.size === 0) return
    const signal = this.#deadline()
    await this.#ask(await sessions.connect(peer, { signal }), wanted)
  }

  /** Until the time is over, or the peer is connected. */
  async #wait(peer: PeerIdText, ms: number): Promise<void> {
    const wait = new AbortController()
    this.#waits.set(peer, wait)
    await this.#components.clock.sleep(ms, AbortSignal.any([this.#closing.signal, wait.signal]))
    this.#waits.delete(peer)
  }

  #isConnected(peer: PeerIdText): boolean {
    return this.#components.sessions.get(peer) !== undefined
  }

  #isCrowd(): boolean {
    return this.#fetched.size + this.#waiting.size > CROWD
  }

  #rounds(): number {
    return this.#isCrowd() ? CROWD_ROUNDS : ASK_AROUND_ROUNDS
  }

  #spread(round: number): number {
    return this.#isCrowd() ? CROWD_SPREAD_MS * 2 ** round : ROUND_SPREAD_MS
  }

  /**
   * First of all `wanted`, then what is wanted of others that cannot be asked themselves: one question for
   * all, where many start at once.
   */
  #allMissing(wanted: Wanted): Wanted {
    const { sessions } = this.#components
    for (const [peer, digests] of [...this.#fetched, ...this.#waiting]) {
      if (sessions.get(peer) !== undefined) continue
      for (const digest of digests) {
        if (wanted.size >= LIMITS.cardsPerFetch.value) return wanted
        if (this.#isMissing(digest)) wanted.set(digest, peer)
      }
    }
    return wanted
  }

  async #ask(session: Session, wanted: Wanted): Promise<void> {
    await this.fetchFrom(session, wanted, this.#deadline())
  }

  #deadline(): AbortSignal {
    const { clock } = this.#components
    return AbortSignal.any([this.#closing.signal, clock.timeout(LIMITS.cardFetchDeadline.value)])
  }

  #someSessions(): Session[] {
    const { sessions, random } = this.#components
    return sessions
      .all()
      .map((session) => ({ session, key: random.next() }))
      .toSorted((a, b) => a.key - b.key)
      .slice(0, ASKED_PER_ROUND)
      .map(({ session }) => session)
  }

  #isMissing(digest: string): boolean {
    return this.#components.directory.card(digest) === undefined
  }

  /**
   * Asks again for cards that did not come, after a wait that doubles each time, while the peer is known to live.
   * After some times it is left to presence, so that a liar whose cards do not exist has to keep on speaking.
   */
  #settle(peer: PeerIdText, failed: boolean): void {
    const { clock, random } = this.#components
    const count = (this.#failures.get(peer)?.count ?? 0) + 1
    this.#failures.delete(peer)
    if (!failed) return
    const wait = halfJitter(random, count - 1, BACKOFF)
    const failure = { count, until: clock.monotonic() + wait }
    this.#failures.set(peer, failure)
    if (count <= UNASKED_RETRIES) void this.#retryIn(wait, peer, failure)
  }

  async #retryIn(ms: number, peer: PeerIdText, failure: Failure): Promise<void> {
    const { clock, directory } = this.#components
    if (!(await clock.sleep(ms, this.#closing.signal))) return
    // A timer may fire a moment before its time.
    failure.until = 0
    this.want(peer, directory.missing(peer))
  }
}
