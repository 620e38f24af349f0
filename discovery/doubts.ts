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

/** Enough for gossip to bring the peer's last statement, or the peer itself to come back. */
const DELAY_MS = 500
/** Not all neighbours speak at the same moment, so that the first are heard by the others. */
const SPREAD_MS = 1000
/** As many neighbours are believed; others have nothing to add. */
const ENOUGH = 3

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
  stop(): void
}

interface Lost {
  /** What the session said of the peer's clock, which is where its numbers begin. */
  readonly helloAt: number
  /** Monotonic milliseconds. */
  readonly lostAt: number
}

interface Heard {
  readonly seq: number
  readonly times: number
}

export function createDoubts(components: DoubtsComponents): Doubts {
  const { clock, random, sessions, directory, lastOf, publish } = components
  const heard = new RecentMap<PeerIdText, Heard>(LIMITS.directoryPeers.value)
  const waiting = new Map<PeerIdText, Lost>()
  let cancel: (() => void) | undefined

  const timesHeard = (peer: PeerIdText, seq: number): number => {
    const last = heard.get(peer)
    return last !== undefined && last.seq >= seq ? last.times : 0
  }

  /** What the peer said last may still have been on its way when it died. */
  function isMissing(peer: PeerIdText, { lostAt }: Lost): boolean {
    const { freshMs } = directory.peer(peer) ?? { freshMs: 0 }
    const heardAt = clock.monotonic() - freshMs
    return sessions.get(peer) === undefined && heardAt <= lostAt + DELAY_MS
  }

  function speak(): void {
    cancel = undefined
    const doubts = [...waiting]
      .filter(([peer, lost]) => isMissing(peer, lost))
      .map(([peer, { helloAt }]) => ({ peer, seq: Math.max(lastOf(peer), Math.floor(helloAt)) }))
      .filter(({ peer, seq }) => timesHeard(peer, seq) < ENOUGH)
    waiting.clear()
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
    lost({ peer, hello }) {
      if (waiting.size >= LIMITS.presenceDoubts.value) return
      waiting.set(peer, { helloAt: hello.clock, lostAt: clock.monotonic() })
      cancel ??= clock.after(DELAY_MS + random.next() * SPREAD_MS, speak)
    },
    // Every one is heard, whatever the others say.
    hear: (doubts) => (doubts.filter(hearOne).length > 0 ? 'accept' : 'ignore'),
    stop() {
      cancel?.()
      cancel = undefined
      waiting.clear()
    }
  }
}
