/** All that a node measures of itself, always: handed to its parts, read by vitals and metrics. */
import type { Clock } from '../../core/clock.ts'
import { createCounter } from '../../core/metrics.ts'
import type { CounterFamily } from '../../core/metrics.ts'
import type { MemoryMeter } from '../../memory/memory-meter.ts'
import { METRICS } from './catalogue.ts'
import { createGossipMeter } from './gossip-meter.ts'
import type { GossipMeter } from './gossip-meter.ts'
import { createHttpMeter } from './http-meter.ts'
import type { NodeHttpMeter } from './http-meter.ts'
import { createLibp2pMetrics } from './libp2p-metrics.ts'
import type { Libp2pMetrics } from './libp2p-metrics.ts'
import { createPeerWork } from './peer-work.ts'
import type { PeerWork } from './peer-work.ts'
import { createRouteMeter } from './route-meter.ts'
import type { RouteMeter } from './route-meter.ts'
import { createSessionCounts } from './session-counts.ts'
import type { SessionCounts } from './session-counts.ts'
import { createTaskMeter } from './task-meter.ts'
import type { TaskMeter } from './task-meter.ts'
import { createTraffic } from './traffic.ts'
import type { Traffic } from './traffic.ts'

export interface Meters extends PeerCounts {
  readonly traffic: Traffic
  readonly peerWork: PeerWork
  readonly tasks: TaskMeter
  readonly routes: RouteMeter
  readonly sessions: SessionCounts
  readonly gossip: GossipMeter
  readonly libp2p: Libp2pMetrics
  readonly memory: MemoryMeter & MemoryCounts
  readonly http: NodeHttpMeter
  /** Connections that this node ended, or never wanted. */
  readonly wire: {
    readonly foreign: CounterFamily
    readonly denied: CounterFamily
    readonly violations: CounterFamily
  }
}

interface PeerCounts {
  /** Peers that were to be reached. */
  readonly dials: CounterFamily
  /** Queries of the DHT. */
  readonly queries: CounterFamily
  /** Of which the DHT's store tells how many it keeps. */
  readonly records: RecordCount
}

interface RecordCount {
  watch(store: { readonly size: number }): void
  readonly size: number
}

/** Since the start. */
export interface MemoryCounts {
  readonly changes: CounterFamily
  readonly conflicts: CounterFamily
  readonly repairs: CounterFamily
  readonly moved: CounterFamily
}

export function createMeters({ clock }: { readonly clock: Pick<Clock, 'monotonic'> }): Meters {
  const peerWork = createPeerWork({ clock })
  const { foreign, denied, violations } = METRICS.network
  return {
    traffic: createTraffic(),
    peerWork,
    tasks: createTaskMeter({ clock }),
    routes: createRouteMeter(peerWork.meter),
    sessions: createSessionCounts(),
    gossip: createGossipMeter(),
    libp2p: createLibp2pMetrics({ monotonic: () => clock.monotonic() }),
    memory: memoryMeter(),
    dials: createCounter(METRICS.network.dials, ['success']),
    queries: createCounter(METRICS.discovery.queries),
    records: recordCount(),
    http: createHttpMeter(),
    wire: {
      foreign: createCounter(foreign),
      denied: createCounter(denied),
      violations: createCounter(violations)
    }
  }
}

function recordCount(): RecordCount {
  let records: { readonly size: number } | undefined
  return {
    watch(store) {
      records = store
    },
    get size() {
      return records?.size ?? 0
    }
  }
}

const WAYS = ['pulled', 'pushed', 'audited', 'dropped'] as const

function memoryMeter(): MemoryMeter & MemoryCounts {
  const changes = createCounter(METRICS.memory.changes)
  const conflicts = createCounter(METRICS.memory.conflicts)
  const repairs = createCounter(METRICS.memory.repairs, ['equal', 'different', 'failed'])
  const moved = createCounter(METRICS.memory.repaired, WAYS)
  return {
    changes,
    conflicts,
    repairs,
    moved,
    changed(entries) {
      changes.of().value += entries
    },
    conflict() {
      conflicts.of().value += 1
    },
    repaired(result) {
      if (result === undefined) {
        repairs.of('failed').value += 1
        return
      }
      repairs.of(result.equal ? 'equal' : 'different').value += 1
      for (const way of WAYS) if (result[way] > 0) moved.of(way).value += result[way]
    }
  }
}
