/** What this node has measured of the tasks it gave each peer: those there now, and the last minute. */
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { MinuteWindow } from '../../core/minute-window.ts'
import type { MinuteReport } from '../../core/minute-window.ts'
import { RecentMap } from '../../core/recent-map.ts'
import type { CallMeter } from '../../routing/call-meter.ts'

export interface PeerWorkReport extends MinuteReport {
  readonly running: number
  /** Sent, and not begun as far as is known. */
  readonly queued: number
}

export interface PeerWork {
  readonly meter: CallMeter
  /** `undefined` for a peer that was given none, as far as is remembered. */
  report(peer: PeerIdText): PeerWorkReport | undefined
}

interface Work {
  running: number
  queued: number
  readonly minute: MinuteWindow
}

export function createPeerWork({ clock }: { readonly clock: Pick<Clock, 'monotonic'> }): PeerWork {
  /** The one asked longest ago is forgotten first. */
  const peers = new RecentMap<PeerIdText, Work>(LIMITS.measuredPeers.value)

  function sent({ peer }: { readonly peer: PeerIdText }): void {
    const work = peers.get(peer) ?? { running: 0, queued: 0, minute: new MinuteWindow() }
    work.queued += 1
    peers.set(peer, work)
  }

  return {
    meter: {
      sent,
      begun({ peer }) {
        const work = peers.get(peer)
        // Forgotten between sending and beginning, and perhaps made anew since.
        if (work === undefined || work.queued === 0) return
        work.queued -= 1
        work.running += 1
      },
      ended({ peer }, { outcome, begun, tookMs }) {
        const work = peers.get(peer)
        if (work === undefined) return
        if (begun) work.running = Math.max(0, work.running - 1)
        else work.queued = Math.max(0, work.queued - 1)
        if (outcome === 'neither') return
        work.minute.add(tookMs, { failed: outcome === 'failure', now: clock.monotonic() })
      },
      breakerOpened() {}
    },
    report(peer) {
      const work = peers.get(peer)
      if (work === undefined) return undefined
      const { running, queued, minute } = work
      return { running, queued, ...minute.report(clock.monotonic()) }
    }
  }
}
