/** Remembers how badly peers behaved, whoever noticed it, and forgets with time. */
import type { Clock } from '../core/clock.ts'
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'

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

interface Offender {
  readonly points: number
  /** Monotonic milliseconds. */
  readonly at: number
  readonly reason?: string
}

export function createBlame({ clock }: { readonly clock: Pick<Clock, 'monotonic'> }): Blame {
  /** In the order of the last offence, so that the first is the one to forget. */
  const records = new Map<PeerIdText, Offender>()

  function pointsOf(peer: PeerIdText): number {
    const record = records.get(peer)
    if (record === undefined) return 0
    return Math.max(0, record.points - (clock.monotonic() - record.at) / POINT_MS)
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
      records.delete(peer)
      records.set(peer, {
        points: sum,
        at: clock.monotonic(),
        ...(reason !== undefined && { reason })
      })
      const [oldest] = records.keys()
      if (records.size > LIMITS.blamedPeers.value && oldest !== undefined) records.delete(oldest)
    }
  }
}
