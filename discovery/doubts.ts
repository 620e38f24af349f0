/** Neighbours of a peer that was lost say so to the swarm, which then need not wait for its silence. */
import type { Clock } from '../core/clock.ts'
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import type { Verdict } from '../core/pubsub.ts'
import type { Random } from '../core/random.ts'
import { RecentMap } from '../core/recent-map.ts'
import type { Session, Sessions } from '../protocols/session/session.ts'
import type { Directory } from './directory.ts'
import type { Doubt } from './presence-statement.ts'

/** Enough for the peer to come back, or to say by gossip that it lives. */
const DELAY_MS = 500
/** Not all neighbours speak at the same moment, so that the first are heard by the others. */
const SPREAD_MS = 1000
/** As many neighbours are believed; others have nothing to add. */
const ENOUGH = 3
/** So long what a lost peer said before its loss may come late, as when half of all links go at once. */
const LATE_MS = 30_000

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
}

interface Heard {
  readonly seq: number
  readonly times: number
}

export function createDoubts(components: DoubtsComponents): Doubts {
  const { clock, random, sessions, directory, lastOf, publish } = components
  const heard = new RecentMap<PeerIdText, Heard>(LIMITS.directoryPeers.value)
  const losses = new Map<PeerIdText, Lost>()
  const waiting = new Set<PeerIdText>()
  let cancel: (() => void) | undefined

  const timesHeard = (peer: PeerIdText, seq: number): number => {
    const last = heard.get(peer)
    return last !== undefined && last.seq >= seq ? last.times : 0
  }

  /** Neither connected nor heard of since the loss. */
  function isMissing(peer: PeerIdText, lost: Lost): boolean {
    return sessions.get(peer) === undefined && lastOf(peer) <= lost.clock
  }

  function forgetOld(): void {
    const old = clock.monotonic() - LATE_MS
    for (const [peer, { at }] of losses) if (at < old) losses.delete(peer)
  }

  function speakSoon(peer: PeerIdText): void {
    waiting.add(peer)
    cancel ??= clock.after(DELAY_MS + random.next() * SPREAD_MS, speak)
  }

  function speak(): void {
    cancel = undefined
    const missing = [...losses].filter(([peer, lost]) => waiting.has(peer) && isMissing(peer, lost))
    waiting.clear()
    const doubts = missing
      .map(([peer, lost]) => ({ peer, seq: Math.max(lastOf(peer), lost.clock) }))
      .filter(({ peer, seq }) => timesHeard(peer, seq) < ENOUGH)
    for (const { peer } of doubts) directory.doubt(peer)
    // Who has lost everybody has to doubt itself.
    if (doubts.length > 0 && sessions.all().length > 0) publish(doubts)
  }

  function hearOne({ peer, seq }: Doubt): boolean {
    if (peer === directory.self) {
      components.refute()
      return true
    }
    const isStale = lastOf(peer) > seq || directory.peer(peer) === undefined
    const times = timesHeard(peer, seq)
    if (isStale || times >= ENOUGH) return false
    heard.set(peer, { seq, times: times + 1 })
    const session = sessions.get(peer)
    if (directory.doubt(peer) && session !== undefined) components.ask(session)
    return true
  }

  return {
    lost({ peer, hello, openedAt }) {
      forgetOld()
      if (losses.size >= LIMITS.presenceDoubts.value) return
      // Its clock was as far at least when its HELLO came.
      const shown = hello.clock + Math.max(0, clock.now() - openedAt)
      losses.set(peer, { clock: Math.floor(shown), at: clock.monotonic() })
      speakSoon(peer)
    },
    // Every one is heard, whatever the others say.
    hear: (doubts) => (doubts.filter(hearOne).length > 0 ? 'accept' : 'ignore'),
    spoke(peer) {
      heard.delete(peer)
      const lost = losses.get(peer)
      if (lost === undefined) return
      if (isMissing(peer, lost)) speakSoon(peer)
      else losses.delete(peer)
    },
    stop() {
      cancel?.()
      cancel = undefined
      losses.clear()
      waiting.clear()
    }
  }
}
