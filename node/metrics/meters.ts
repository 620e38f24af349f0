/** All that a node measures of itself, always: handed to its parts, read by vitals and metrics. */
import type { Clock } from '../../core/clock.ts'
import { MinuteWindow } from '../../core/minute-window.ts'
import type { MinuteReport } from '../../core/minute-window.ts'
import type { MemoryMeter } from '../../memory/memory-meter.ts'
import type { CallMeter } from '../../routing/call-meter.ts'
import type { OnTaskEnd } from '../../tasks/task-end.ts'
import { createGossipMeter } from './gossip-meter.ts'
import type { GossipMeter } from './gossip-meter.ts'
import { createPeerWork } from './peer-work.ts'
import type { PeerWork } from './peer-work.ts'
import { createTraffic } from './traffic.ts'
import type { Traffic } from './traffic.ts'

export interface Meters {
  readonly traffic: Traffic
  readonly peerWork: PeerWork
  /** Tasks of the last minute that this node worked on. */
  worked(): MinuteReport
  /** Those that it asked for. */
  asked(): MinuteReport
  readonly onWorked: OnTaskEnd
  readonly onAsked: OnTaskEnd
  readonly calls: CallMeter
  readonly gossip: GossipMeter
  readonly memory: MemoryMeter
  readonly memoryTotals: MemoryTotals
}

/** Since the start. */
interface MemoryTotals {
  readonly changes: number
}

export function createMeters({ clock }: { readonly clock: Pick<Clock, 'monotonic'> }): Meters {
  const peerWork = createPeerWork({ clock })
  const memory = { changes: 0 }
  const worked = new MinuteWindow()
  const asked = new MinuteWindow()
  const into =
    (minute: MinuteWindow): OnTaskEnd =>
    ({ state, tookMs }) => {
      const failed = state !== 'TASK_STATE_COMPLETED'
      minute.add(tookMs, { failed, now: clock.monotonic() })
    }
  return {
    traffic: createTraffic(),
    peerWork,
    worked: () => worked.report(clock.monotonic()),
    asked: () => asked.report(clock.monotonic()),
    onWorked: into(worked),
    onAsked: into(asked),
    calls: peerWork.meter,
    gossip: createGossipMeter(),
    memory: {
      changed(entries) {
        memory.changes += entries
      },
      conflict() {},
      repaired() {}
    },
    memoryTotals: memory
  }
}
