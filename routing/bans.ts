/** Leaves peers alone for a while that could not be reached or fell silent: longer each time, until they answer. */
import type { Clock } from '../core/clock.ts'
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import { RecentMap } from '../core/recent-map.ts'

export interface Bans {
  /** Banned for `firstMs` at least, and for twice as long as last time; once while a ban lasts. */
  ban(peer: PeerIdText, firstMs: number): void
  /** It answered: the next ban begins anew. */
  clear(peer: PeerIdText): void
  /** Milliseconds that the ban lasts yet; 0 without one. */
  remainingMs(peer: PeerIdText): number
  /** Whether anybody may be banned: asked first, for mostly nobody is. */
  readonly isEmpty: boolean
}

interface Ban {
  readonly until: number
  readonly ms: number
}

export function createBans(clock: Pick<Clock, 'monotonic'>): Bans {
  /** The one banned longest ago first. */
  const bans = new RecentMap<PeerIdText, Ban>(LIMITS.bannedPeers.value)

  function remainingMs(peer: PeerIdText): number {
    return Math.max(0, (bans.get(peer)?.until ?? 0) - clock.monotonic())
  }

  return {
    ban(peer, firstMs) {
      // Tasks that were lost together are one reason.
      if (remainingMs(peer) > 0) return
      const before = bans.get(peer)?.ms ?? 0
      const ms = Math.min(LIMITS.banMost.value, Math.max(firstMs, 2 * before))
      bans.set(peer, { ms, until: clock.monotonic() + ms })
    },
    clear: (peer) => void bans.delete(peer),
    remainingMs,
    get isEmpty() {
      return bans.size === 0
    }
  }
}
