/** How the node is doing, now and in the last minutes, and what it has measured of its peers. */
import { API_VERSION } from '../../client/api.ts'
import type { PeerVitals, Vitals, VitalsQuery } from '../../client/vitals-api.ts'
import type { Component } from '../../core/component.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Session } from '../../protocols/session/session.ts'
import type { Assembly } from '../assembly.ts'
import type { LoopMonitor } from '../metrics/loop-monitor.ts'
import { createPeerRates } from '../metrics/peer-rates.ts'
import type { PeerRates } from '../metrics/peer-rates.ts'
import { createVitalSigns } from '../metrics/vital-signs.ts'
import type { Reading } from '../metrics/vital-signs.ts'
import type { createScraper } from '../metrics/scrape.ts'
import { problemsOf } from './problems.ts'

export interface VitalsFacts {
  readonly loop: LoopMonitor
  /** `clock.monotonic()` at the start of the node. */
  readonly startedAt: number
}

export interface VitalsOperation extends Component {
  answer(query: VitalsQuery): Vitals
  /** In the text format of Prometheus. */
  metrics(): Promise<string>
}

export function createVitals(
  assembly: Assembly,
  { loop, startedAt }: VitalsFacts
): VitalsOperation {
  const { clock } = assembly.components
  const { sessions, instance, meters } = assembly.wire
  let scraper: ReturnType<typeof createScraper> | undefined
  const rates = createPeerRates(meters.traffic)
  const signs = createVitalSigns({
    clock,
    read: () => readingOf(assembly, loop),
    onLook: (overMs) => rates.look(sessions.all(), overMs)
  })
  return {
    start: () => signs.start(),
    stop: () => signs.stop(),
    async metrics() {
      // Most nodes are never scraped.
      scraper ??= (await import('../metrics/scrape.ts')).createScraper(assembly)
      return scraper({ loop: loop.taken(), problems: problemsOf(assembly).length })
    },
    answer({ since = 0, peers = true }) {
      const now = signs.look()
      return {
        v: API_VERSION,
        instance,
        uptimeMs: Math.round(clock.monotonic() - startedAt),
        now,
        history: signs.since(since),
        peers: peers ? peerVitals(assembly, rates) : []
      }
    }
  }
}

function readingOf({ wire, engine, work }: Assembly, loop: LoopMonitor): Reading {
  const { meters, sessions, network } = wire
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  const { in: bytesIn, out: bytesOut } = meters.traffic.total()
  const { received, duplicates } = meters.gossip.totals()
  return {
    cpuMs: (user + system) / 1000,
    rssBytes: rss,
    heapBytes: heapUsed,
    loop: loop.take(),
    bytesIn,
    bytesOut,
    tasksIn: { ...engine.counts(), queued: engine.queued(), minute: meters.tasks.worked() },
    tasksOut: { ...work.delegations.counts(), queued: 0, minute: meters.tasks.asked() },
    gossip: received,
    gossipDuplicates: duplicates,
    memoryWrites: meters.memory.changes.of().value,
    sessions: sessions.all().length,
    connections: network.connections()
  }
}

function peerVitals(assembly: Assembly, rates: PeerRates): PeerVitals[] {
  const { wire, engine } = assembly
  const serving = engine.callers()
  return wire.sessions
    .all()
    .map((session) => peerVitalsOf(session, { assembly, rates, serving }))
    .toSorted((a, b) => a.name.localeCompare(b.name))
}

interface PeerParts {
  readonly assembly: Assembly
  readonly rates: PeerRates
  readonly serving: ReadonlyMap<PeerIdText, number>
}

const NO_WORK = { running: 0, queued: 0, done: 0, failed: 0, p50Ms: null, p95Ms: null }

function peerVitalsOf(session: Session, { assembly, rates, serving }: PeerParts): PeerVitals {
  const { peer, hello, path, roundTripMs } = session
  const { wire, capabilities } = assembly
  const work = wire.meters.peerWork.report(peer) ?? NO_WORK
  const bytes = rates.of(peer)
  const load = capabilities.directory.peer(peer)?.load
  return {
    id: peer,
    name: hello.name,
    path,
    rttMs: roundTripMs ?? null,
    bytesIn: bytes.in,
    bytesOut: bytes.out,
    ...(load !== undefined && { load }),
    running: work.running,
    queued: work.queued,
    serving: serving.get(peer) ?? 0,
    donePerMinute: work.done,
    failedPerMinute: work.failed,
    p50Ms: work.p50Ms,
    p95Ms: work.p95Ms
  }
}
