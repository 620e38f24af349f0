/** Neighbours of a peer that was lost say so to the swarm, which then need not wait for its silence. */
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Verdict } from '../../core/pubsub.ts'
import type { Random } from '../../core/random.ts'
import { RecentMap } from '../../core/recent-map.ts'
import { createTokenBucket } from '../../core/token-bucket.ts'
import type { TokenBucket } from '../../core/token-bucket.ts'
import type { Session, Sessions } from '../../protocols/session/session.ts'
import type { Directory } from '../directory/directory.ts'
import { DOUBTS } from './presence-statement.ts'
import type { Doubt } from './presence-statement.ts'

/** Enough for the peer to come back, or to say by gossip that it lives. */
const DELAY_MS = 500
/** Not all neighbours speak at the same moment, so that the first are heard by the others. */
const SPREAD_MS = 1000
/** As many neighbours are believed; others have nothing to add. */
const ENOUGH = 3
/** So long what a lost peer said before its loss may come late, as when half of all links go at once. */
const LATE_MS = 30_000
/** Of what others take, who ignore a message of more: it comes sooner after the one before to some than to others. */
const CAUTION = 0.75

export interface DoubtsComponents {
  readonly clock: Clock
  readonly random: Random
  readonly sessions: Sessions
  readonly directory: Directory
  /** Number of the last statement of the peer that was believed. */
  readonly lastOf: (peer: PeerIdText) => number
  readonly publish: (doubts: readonly Doubt[]) => void
  /** This node itself is doubted, and says that it lives. */
  readonly refute: () => void
  /** A peer that is connected is doubted: it is asked whether it lives. */
  readonly ask: (session: Session) => void
}

export interface Doubts {
  /** The session with the peer was lost. */
  lost(session: Session): void
  /** Nothing was heard of the peer since that time, in monotonic milliseconds, although it should have spoken. */
  suspect(peer: PeerIdText, since: number): void
  /** What another node doubts; `ignore` when it says nothing new. */
  hear(doubts: readonly Doubt[]): Verdict
  /** A statement of the peer came by gossip: no doubt outlives it, unless it is older than the loss, and came late. */
  spoke(peer: PeerIdText): void
  stop(): void
}

interface Lost {
  /** What the peer's clock showed then, at least: statements with lower numbers are older than the loss. In milliseconds since the epoch. */
  readonly clock: number
  /** Monotonic milliseconds. */
  readonly at: number
  /** Of who is only suspected: nothing was heard of it since then, in monotonic milliseconds. */
  readonly since?: number
}

interface Heard {
  readonly seq: number
  readonly times: number
}

export function createDoubts(components: DoubtsComponents): Doubts {
  return new NeighbourDoubts(components)
}

class NeighbourDoubts implements Doubts {
  readonly #parts: DoubtsComponents
  readonly #heard = new RecentMap<PeerIdText, Heard>(LIMITS.directoryPeers.value)
  readonly #losses = new Map<PeerIdText, Lost>()
  readonly #waiting = new Set<PeerIdText>()
  /** Of doubts that are told. */
  readonly #telling: TokenBucket
  #cancel: (() => void) | undefined

  constructor(components: DoubtsComponents) {
    this.#parts = components
    this.#telling = createTokenBucket(components, { ...DOUBTS, rate: CAUTION * DOUBTS.rate })
  }

  lost({ peer, hello, openedAt }: Session): void {
    const { clock } = this.#parts
    this.#forgetOld()
    if (!this.#hasRoom() && !this.#forgetSuspect()) return
    // Its clock was as far at least when its HELLO came.
    const shown = hello.clock + Math.max(0, clock.now() - openedAt)
    this.#losses.set(peer, { clock: Math.floor(shown), at: clock.monotonic() })
    this.#speakSoon(peer)
  }

  suspect(peer: PeerIdText, since: number): void {
    const { clock, directory, lastOf } = this.#parts
    if (!directory.doubt(peer, since)) return
    this.#forgetOld()
    // Beyond these nobody is told: they go unless they are heard, or heard of.
    if (!this.#hasRoom()) return
    this.#losses.set(peer, { clock: lastOf(peer), at: clock.monotonic(), since })
    this.#speakSoon(peer)
  }

  hear(doubts: readonly Doubt[]): Verdict {
    // Every one is heard, whatever the others say.
    return doubts.filter((doubt) => this.#hearOne(doubt)).length > 0 ? 'accept' : 'ignore'
  }

  spoke(peer: PeerIdText): void {
    this.#heard.delete(peer)
    const lost = this.#losses.get(peer)
    if (lost === undefined) return
    if (this.#isMissing(peer, lost)) this.#speakSoon(peer)
    else this.#losses.delete(peer)
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#losses.clear()
    this.#waiting.clear()
  }

  /** Neither connected nor heard of since the loss. */
  #isMissing(peer: PeerIdText, lost: Lost): boolean {
    const { directory, sessions, lastOf } = this.#parts
    if (lost.since !== undefined && directory.peer(peer)?.doubted !== true) return false
    return sessions.get(peer) === undefined && lastOf(peer) <= lost.clock
  }

  #hasRoom(): boolean {
    return this.#losses.size < LIMITS.presenceDoubts.value
  }

  /** A loss that this node has seen is worth more than a suspicion. Says whether there was one to forget. */
  #forgetSuspect(): boolean {
    const suspect = [...this.#losses].find(([, { since }]) => since !== undefined)
    return suspect !== undefined && this.#losses.delete(suspect[0])
  }

  #forgetOld(): void {
    const old = this.#parts.clock.monotonic() - LATE_MS
    for (const [peer, { at }] of this.#losses) if (at < old) this.#losses.delete(peer)
  }

  #speakSoon(peer: PeerIdText): void {
    const { clock, random } = this.#parts
    this.#waiting.add(peer)
    this.#cancel ??= clock.after(DELAY_MS + random.next() * SPREAD_MS, () => this.#speak())
  }

  #speak(): void {
    const { directory, lastOf, publish, sessions } = this.#parts
    this.#cancel = undefined
    const doubts = [...this.#losses]
      .filter(([peer, lost]) => this.#waiting.has(peer) && this.#isMissing(peer, lost))
      .map(([peer, lost]) => ({ peer, seq: Math.max(lastOf(peer), lost.clock) }))
      .filter((doubt) => this.#timesHeard(doubt) < ENOUGH)
    this.#waiting.clear()
    for (const { peer } of doubts) directory.doubt(peer)
    // Who has lost everybody has to doubt itself.
    if (sessions.all().length === 0) return
    const told = doubts.filter(() => this.#telling.take(1))
    if (told.length > 0) publish(told)
  }

  #timesHeard({ peer, seq }: Doubt): number {
    const last = this.#heard.get(peer)
    return last !== undefined && last.seq >= seq ? last.times : 0
  }

  #hearOne(doubt: Doubt): boolean {
    const { ask, directory, lastOf, refute, sessions } = this.#parts
    const { peer, seq } = doubt
    if (peer === directory.self) {
      refute()
      return true
    }
    const isStale = lastOf(peer) > seq || directory.peer(peer) === undefined
    const times = this.#timesHeard(doubt)
    if (isStale || times >= ENOUGH) return false
    this.#heard.set(peer, { seq, times: times + 1 })
    const session = sessions.get(peer)
    if (directory.doubt(peer) && session !== undefined) ask(session)
    return true
  }
}
