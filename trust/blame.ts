/** Remembers how badly peers behaved, whoever noticed it, and forgets with time. */
import type { Clock } from '../core/clock.ts'
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import type { Logger } from '../core/logger.ts'
import { RecentMap } from '../core/recent-map.ts'

export interface Blame {
  /** One point: something that nobody honest does. Less: something that happens to honest peers, too. */
  add(peer: PeerIdText, points: number, reason?: string): void
  /** Points of `peer` that have not faded yet. */
  points(peer: PeerIdText): number
  /** Undefined for one whose offences have faded. */
  of(peer: PeerIdText): BlameRecord | undefined
}

export interface BlameRecord {
  readonly points: number
  /** Of the last offence. */
  readonly reason?: string
  /** Milliseconds since the last offence. */
  readonly agoMs: number
}

/** So that the worst is forgotten within five minutes: a peer may have been updated meanwhile. */
const MOST_POINTS = 30
const POINT_MS = 10_000

/** A flood of offences is no flood of lines. */
const LINE_MS = 60_000

interface Offender {
  readonly points: number
  /** When the log named it last; `undefined` as long as it may be honest. */
  readonly named: number | undefined
  /** Monotonic milliseconds. */
  readonly at: number
  readonly reason?: string
}

export interface BlameComponents {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly logger: Pick<Logger, 'warn'>
}

export function createBlame({ clock, logger }: BlameComponents): Blame {
  /** In the order of the last offence, so that the first is the one to forget. */
  const records = new RecentMap<PeerIdText, Offender>(LIMITS.blamedPeers.value)

  function pointsOf(peer: PeerIdText): number {
    const record = records.get(peer)
    if (record === undefined) return 0
    return Math.max(0, record.points - (clock.monotonic() - record.at) / POINT_MS)
  }

  /** Names who did what nobody honest does, once a minute. */
  function name(peer: PeerIdText, points: number, reason?: string): number | undefined {
    const named = records.get(peer)?.named
    const now = clock.monotonic()
    if (points < 1 || (named !== undefined && now - named < LINE_MS)) return named
    logger.warn('a peer does what no honest one does', { peer, ...(reason && { reason }) })
    return now
  }

  return {
    points: pointsOf,
    of(peer) {
      const record = records.get(peer)
      const points = pointsOf(peer)
      if (record === undefined || points === 0) return undefined
      const { at, reason } = record
      return { points, agoMs: clock.monotonic() - at, ...(reason !== undefined && { reason }) }
    },
    add(peer, points, reason) {
      const sum = Math.min(MOST_POINTS, pointsOf(peer) + points)
      const named = name(peer, sum, reason)
      records.set(peer, {
        points: sum,
        named,
        at: clock.monotonic(),
        ...(reason !== undefined && { reason })
      })
    }
  }
}
