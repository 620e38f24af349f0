/** Who may have one of the few places for repairs: those that answer slowly leave one to all others. */
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'

export interface RepairPlace {
  /** How long the repair may take. */
  readonly deadlineMs: number
  /** It was the last one, so that its repair ends soon: it goes on when there is another place. */
  readonly isLast: boolean
  leave(): void
}

export interface RepairPlaces {
  /** `undefined` while `peer` has to wait. */
  enter(peer: PeerIdText): RepairPlace | undefined
}

interface Taken {
  readonly peer: PeerIdText
  readonly since: number
}

export function createRepairPlaces({
  clock
}: {
  readonly clock: Pick<Clock, 'monotonic'>
}): RepairPlaces {
  const most = LIMITS.memoryRepairs.value
  const taken = new Set<Taken>()
  /** When a repair with them last took long. */
  const slow = new RecentMap<PeerIdText, number>(LIMITS.connections.value)

  function wasSlow(peer: PeerIdText): boolean {
    return clock.monotonic() - (slow.get(peer) ?? -Infinity) < LIMITS.memoryRepair.value
  }

  function leave(place: Taken): void {
    taken.delete(place)
    const now = clock.monotonic()
    if (now - place.since >= LIMITS.memoryLastRepair.value) slow.set(place.peer, now)
  }

  return {
    enter(peer) {
      const theirs = [...taken].filter((place) => place.peer === peer).length
      const isLast = taken.size === most - 1
      if (taken.size >= most || theirs >= most / 2) return undefined
      if (isLast && (theirs > 0 || wasSlow(peer))) return undefined
      const place = { peer, since: clock.monotonic() }
      taken.add(place)
      const { memoryLastRepair, memoryRepair } = LIMITS
      return {
        isLast,
        deadlineMs: isLast ? memoryLastRepair.value : memoryRepair.value,
        leave: () => leave(place)
      }
    }
  }
}
