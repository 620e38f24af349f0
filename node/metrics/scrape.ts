/** Gathers all metrics of a node at the moment that somebody asks. */
import { performance } from 'node:perf_hooks'
import type { EventLoopUtilization } from 'node:perf_hooks'
import type { Connection } from '@libp2p/interface'
import type { CounterFamily, Distribution, HistogramFamily } from '../../core/metrics.ts'
import type { Assembly } from '../assembly.ts'
import { routingTable } from '../libp2p/network.ts'
import { meshPeers } from '../libp2p/pubsub.ts'
import { METRICS } from './catalogue.ts'
import type { CataloguedMetric } from './metric-kinds.ts'
import { writeMetrics } from './exposition.ts'
import type { Exposed, Sample } from './exposition.ts'
import type { LoopDelay } from './loop-monitor.ts'

export interface ScrapeFacts {
  /** As it was seen last. */
  readonly loop: LoopDelay
  /** How many things are wrong. */
  readonly problems: number
}

type Reading = readonly [metric: CataloguedMetric, samples: readonly Sample[]]

/** The text of one scrape after the other: the utilization of the event loop is that between them. */
export function createScraper(assembly: Assembly): (facts: ScrapeFacts) => Promise<string> {
  let before: EventLoopUtilization | undefined
  return async (facts) => {
    const now = performance.eventLoopUtilization()
    const { utilization } = before ? performance.eventLoopUtilization(now, before) : now
    before = now
    return writeMetrics([
      ...counted(assembly),
      ...[
        ...taskReadings(assembly),
        ...sessionReadings(assembly),
        ...networkReadings(assembly),
        ...memoryReadings(assembly),
        ...discoveryReadings(assembly),
        ...gossipReadings(assembly),
        ...processReadings(assembly, { ...facts, utilization })
      ].map(([spec, samples]) => ({ spec, kind: spec.kind, samples })),
      ...(assembly.init.config.metrics.libp2p ? await assembly.wire.meters.libp2p.expose() : [])
    ])
  }
}

/** What the parts of the node have counted themselves. */
function counted({ wire }: Assembly): Exposed[] {
  const { tasks, routes, sessions, memory, queries, dials, http, wire: links } = wire.meters
  const counters = [
    ...tasks.families,
    ...routes.families,
    ...sessions.families,
    memory.changes,
    memory.conflicts,
    memory.repairs,
    memory.moved,
    queries,
    dials,
    links.foreign,
    links.denied,
    links.violations,
    ...http.families
  ]
  const histograms = [tasks.durations, routes.lookups, sessions.durations]
  return [
    ...counters.map((family) => ({ spec: family.spec, kind: 'counter' as const, ...of(family) })),
    ...histograms.map((family) => ({
      spec: family.spec,
      kind: 'histogram' as const,
      ...of(family)
    }))
  ]
}

function of(family: CounterFamily | HistogramFamily): Pick<Exposed, 'samples'> {
  // From the first scrape on, so that a rate is known when the first one happens.
  if (family.spec.labels.length === 0) family.of()
  const samples: Sample[] = []
  for (const { labels, cell } of family.all()) {
    samples.push({ labels, value: 'value' in cell ? cell.value : cell })
  }
  return { samples }
}

function one(value: number | Distribution, ...labels: readonly string[]): Sample {
  return { labels, value }
}

function taskReadings({ engine, work }: Assembly): Reading[] {
  const { tasks } = METRICS
  return [
    [
      tasks.running,
      [one(engine.counts().running, 'worker'), one(work.delegations.counts().running, 'caller')]
    ],
    [tasks.queued, [one(engine.queued())]],
    [tasks.load, [one(engine.load())]]
  ]
}

const QUANTILES = [0.5, 0.9, 1]

function sessionReadings({ wire }: Assembly): Reading[] {
  const open = wire.sessions.all()
  const relayed = open.filter(({ path }) => path === 'relay').length
  const trips = open.flatMap(({ roundTripMs }) => roundTripMs ?? []).toSorted((a, b) => a - b)
  const rank = (part: number): number => Math.max(0, Math.ceil(part * trips.length) - 1)
  return [
    [METRICS.sessions.open, [one(open.length - relayed, 'direct'), one(relayed, 'relay')]],
    [
      METRICS.sessions.roundTrip,
      QUANTILES.flatMap((part) => {
        const ms = trips[rank(part)]
        return ms === undefined ? [] : [one(ms / 1000, String(part))]
      })
    ]
  ]
}

/** As libp2p calls them. */
const UPGRADES = 'libp2p_connection_manager_dials_total'
const UPGRADE_ERRORS = 'libp2p_connection_manager_dial_errors_total'

function networkReadings({ wire }: Assembly): Reading[] {
  const { network } = METRICS
  const { traffic, libp2p } = wire.meters
  const bytes = traffic.total()
  const open = wire.network.libp2p.getConnections()
  const upgrades = (['inbound', 'outbound'] as const).flatMap((direction) => {
    const errors = libp2p.total(UPGRADE_ERRORS, direction)
    const begun = libp2p.total(UPGRADES, direction)
    return [one(begun - errors, direction, 'success'), one(errors, direction, 'error')]
  })
  return [
    [network.bytes, [one(bytes.in, 'in'), one(bytes.out, 'out')]],
    [network.connections, countBy(open, (each) => [each.direction, wayOf(each)])],
    [
      network.streams,
      countBy(
        open.flatMap(({ streams }) => streams),
        ({ protocol, direction }) => [protocol || 'none', direction]
      )
    ],
    [network.upgrades, upgrades]
  ]
}

function wayOf({ direct }: Connection): string {
  return direct ? 'direct' : 'relay'
}

function countBy<T>(items: readonly T[], labelsOf: (item: T) => readonly string[]): Sample[] {
  const counts = new Map<string, { readonly labels: readonly string[]; value: number }>()
  for (const item of items) {
    const labels = labelsOf(item)
    const key = JSON.stringify(labels)
    const known = counts.get(key)
    if (known === undefined) counts.set(key, { labels, value: 1 })
    else known.value += 1
  }
  return [...counts.values()]
}

function memoryReadings({ memory }: Assembly): Reading[] {
  const spaces = memory.held()
  return [
    [METRICS.memory.entries, spaces.map(({ name, records }) => one(records, name))],
    [METRICS.memory.bytes, spaces.map(({ name, bytes }) => one(bytes, name))]
  ]
}

function discoveryReadings({ wire, capabilities }: Assembly): Reading[] {
  const { discovery } = METRICS
  const self = wire.identity.peer
  let remote = 0
  for (const { peer, cards } of capabilities.directory.peers()) {
    if (peer !== self) remote += cards.length
  }
  return [
    [discovery.agents, [one(capabilities.book.cards().length, 'local'), one(remote, 'remote')]],
    [discovery.table, [one(routingTable(wire.network).size)]],
    [discovery.records, [one(wire.meters.records.size)]]
  ]
}

function gossipReadings({ wire }: Assembly): Reading[] {
  const { gossip } = METRICS
  const { pubsub } = wire.network.libp2p.services
  const totals = wire.meters.gossip.totals()
  const topics = pubsub.getTopics().map((topic) => ({
    kind: topic.startsWith('/lumos/presence/') ? 'presence' : 'memory',
    neighbours: meshPeers(pubsub, topic).length
  }))
  const kinds = ['presence', 'memory'].map((kind) => ({
    kind,
    those: topics.filter((topic) => topic.kind === kind)
  }))
  return [
    [
      gossip.received,
      [
        one(totals.duplicates, 'duplicate'),
        one(totals.invalid, 'invalid'),
        one(totals.accepted, 'accepted'),
        one(totals.ignored, 'ignored'),
        one(totals.rejected, 'rejected')
      ]
    ],
    [gossip.published, [one(totals.published)]],
    [gossip.forwarded, [one(totals.forwarded)]],
    [gossip.bytes, [one(totals.bytesIn, 'in'), one(totals.bytesOut, 'out')]],
    [
      gossip.mesh,
      kinds.map(({ kind, those }) =>
        one(
          those.reduce((sum, { neighbours }) => sum + neighbours, 0),
          kind
        )
      )
    ],
    [gossip.topics, kinds.map(({ kind, those }) => one(those.length, kind))]
  ]
}

function processReadings(
  { init, wire, database }: Assembly,
  { loop, problems, utilization }: ScrapeFacts & { readonly utilization: number }
): Reading[] {
  const { process: specs, http } = METRICS
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed, external } = process.memoryUsage()
  const doors = wire.meters.http.connections()
  return [
    [specs.info, [one(1, init.version, wire.name, wire.identity.peer, wire.swarm.name)]],
    [specs.start, [one(performance.timeOrigin / 1000)]],
    [specs.cpu, [one(user / 1e6, 'user'), one(system / 1e6, 'system')]],
    [specs.resident, [one(rss)]],
    [specs.heap, [one(heapUsed)]],
    [specs.external, [one(external)]],
    [specs.loop, [one(loop.p99Ms / 1000, 'p99'), one(loop.maxMs / 1000, 'max')]],
    [specs.utilization, [one(utilization)]],
    [specs.problems, [one(problems)]],
    [specs.readOnly, [one(database.state?.name === 'read-only' ? 1 : 0)]],
    [http.connections, doors === undefined ? [] : [one(doors)]]
  ]
}
