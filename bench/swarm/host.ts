/** A process with some nodes of the swarm, which does with them what the bench asks for. */
import { setTimeout as delay } from 'node:timers/promises'
import { createProcessHost } from '../../node/daemon/host.ts'
import { seededRandom } from '../../test/support/random.ts'
import { nowMs } from '../memory/clock.ts'
import { collectAll } from './collect.ts'
import { cutPorts, watchSockets } from './cut.ts'
import { delegate, dhtLookUp, lookUp, order, outcome, tryMany } from './host-work.ts'
import type { Order, Tries } from './host-work.ts'
import { nameOf, skillOf, startSwarmNode } from './swarm-node.ts'
import type { NodeSpec, SwarmNode } from './swarm-node.ts'
import { whenAll, whenEach } from './wait.ts'

export interface Started {
  readonly index: number
  readonly peer: string
  readonly address: string
}

/** When it held for the nodes of this process, and for how many it did not. */
export interface Held {
  readonly at: readonly number[]
  readonly missing: number
}

export interface Vitals {
  readonly nodes: number
  /** Of the whole process, since its start. */
  readonly cpuMs: number
  readonly rssBytes: number
  readonly heapBytes: number
  /** Of all nodes, since their starts. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** Ends of connections, of all nodes now. */
  readonly connections: number
  readonly sessions: number
}

export interface Batch {
  readonly count: number
  readonly inFlight: number
  readonly targets: readonly number[]
  readonly seed: number
  /** Only this node asks. */
  readonly by?: number
}

/** What a parent may ask for. Times are of the machine's monotonic clock. */
export interface HostOperations {
  /** All at once. */
  start(init: { readonly specs: readonly NodeSpec[] }): Promise<readonly Started[]>
  stop(init: { readonly index: number }): Promise<void>
  /** When each node has so many sessions. */
  whenMeshed(init: {
    readonly target: number
    readonly timeoutMs: number
    /** Only this node. */
    readonly by?: number
  }): Promise<Held>
  /** When each node finds the owners of all these skills. */
  whenFound(init: {
    readonly owners: readonly number[]
    readonly timeoutMs: number
    /** Only this node. */
    readonly by?: number
  }): Promise<Held>
  /** Since when no node here has any of the peers in its directory. */
  whenGone(init: { readonly peers: readonly string[]; readonly timeoutMs: number }): Promise<Held>
  /** When each node has announced its skills on the DHT. */
  whenAnnounced(init: { readonly timeoutMs: number }): Promise<Held>
  lookUp(init: Batch): Promise<Tries>
  lookUpByDht(init: Batch & { readonly peers: ReadonlyMap<number, string> }): Promise<Tries>
  delegate(init: Batch): Promise<Tries>
  order(init: { readonly index: number; readonly skill: string }): Promise<Order>
  /** `done`, or what became of it: see {@link outcome}. */
  outcome(init: {
    readonly index: number
    readonly id: string
    readonly timeoutMs: number
  }): Promise<string>
  /** When it was put. */
  put(init: { readonly index: number; readonly key: string }): Promise<number>
  /** As many records by each node. */
  putMany(init: { readonly prefix: string; readonly count: number }): Promise<void>
  /** When each node had each of the keys; `missing` counts pairs of both. */
  whenArrived(init: {
    readonly keys: readonly string[]
    readonly timeoutMs: number
  }): Promise<{ readonly at: ReadonlyMap<string, readonly number[]>; readonly missing: number }>
  /** What each node holds of the shared space. */
  contents(init: object): Promise<readonly { readonly root: string; readonly keys: number }[]>
  vitals(init: { readonly released: boolean }): Promise<Vitals>
  /** How many sessions the nodes here have with these peers. */
  sessionsWith(init: { readonly peers: readonly string[] }): Promise<number>
  /** These ports cannot be reached from now on; none of them: all can. */
  cut(init: { readonly ports: readonly number[] }): Promise<void>
}

// The flags of V8 are the daemon's.
createProcessHost()
watchSockets()

const nodes = new Map<number, SwarmNode>()
const all = (): readonly SwarmNode[] => [...nodes.values()]
const those = (by?: number): readonly SwarmNode[] => (by === undefined ? all() : [nodeOf(by)])

function nodeOf(index: number): SwarmNode {
  const node = nodes.get(index)
  if (node === undefined) throw new Error(`${nameOf(index)} is not here`)
  return node
}

/**
 * Looks at the directory alone: what `find` asks the DHT for what is not there yet, a hundred times a node,
 * would be the load that is measured. Remembers what was found, so that a look costs what is new.
 */
function findsAll({ assembly }: SwarmNode, missing: Set<number>): boolean {
  const { directory } = assembly.capabilities
  for (const owner of missing) {
    const providers = directory.search(skillOf(owner), { limit: 1 })
    if (!providers.some(({ name }) => name === nameOf(owner))) return false
    missing.delete(owner)
  }
  return true
}

function hasAnnounced({ assembly }: SwarmNode): boolean {
  return assembly.capabilities.dht.announcing().announcedAt !== undefined
}

async function startOne(spec: NodeSpec): Promise<Started> {
  const node = await startSwarmNode(spec)
  nodes.set(spec.index, node)
  const { identity, network } = node.assembly.wire
  const [address = ''] = network.addresses()
  return { index: spec.index, peer: identity.peer, address }
}

function heldOf({ at, missing }: Awaited<ReturnType<typeof whenEach>>): Held {
  return { at: [...at.values()], missing: missing.length }
}

function vitals(): Vitals {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  const wires = all().map(({ assembly }) => assembly.wire)
  const sum = (pick: (wire: (typeof wires)[number]) => number): number =>
    wires.reduce((total, wire) => total + pick(wire), 0)
  return {
    nodes: nodes.size,
    cpuMs: (user + system) / 1000,
    rssBytes: rss,
    heapBytes: heapUsed,
    bytesIn: sum(({ meters }) => meters.traffic.total().in),
    bytesOut: sum(({ meters }) => meters.traffic.total().out),
    connections: sum(({ network }) => network.libp2p.getConnections().length),
    sessions: sum(({ sessions }) => sessions.all().length)
  }
}

export const operations: HostOperations = {
  start: ({ specs }) => Promise.all(specs.map(startOne)),
  async stop({ index }) {
    await nodeOf(index).stop()
    nodes.delete(index)
  },
  whenMeshed: async ({ target, timeoutMs, by }) =>
    heldOf(
      await whenEach(
        those(by),
        ({ assembly }) => assembly.wire.sessions.all().length >= target,
        timeoutMs
      )
    ),
  async whenFound({ owners, timeoutMs, by }) {
    const looking = those(by)
    const missing = new Map(looking.map((node) => [node, new Set(owners)]))
    const holds = (node: SwarmNode): boolean => findsAll(node, missing.get(node) ?? new Set())
    return heldOf(await whenEach(looking, holds, timeoutMs))
  },
  async whenGone({ peers, timeoutMs }) {
    const pairs = all().flatMap(({ assembly }) =>
      peers.map((peer) => ({ directory: assembly.capabilities.directory, peer }))
    )
    return whenAll(pairs, ({ directory, peer }) => directory.peer(peer) === undefined, timeoutMs)
  },
  whenAnnounced: async ({ timeoutMs }) => heldOf(await whenEach(all(), hasAnnounced, timeoutMs)),
  lookUp: ({ seed, by, ...batch }) =>
    tryMany(those(by), { ...batch, random: seededRandom(seed) }, lookUp),
  lookUpByDht: ({ seed, peers, by, ...batch }) =>
    tryMany(those(by), { ...batch, random: seededRandom(seed) }, dhtLookUp(peers)),
  delegate: ({ seed, by, ...batch }) =>
    tryMany(those(by), { ...batch, random: seededRandom(seed) }, delegate(seededRandom(seed + 1))),
  order: ({ index, skill }) => order(nodeOf(index), skill, true),
  outcome: ({ index, id, timeoutMs }) => outcome(nodeOf(index), id, timeoutMs),
  async put({ index, key }) {
    const at = nowMs()
    await nodeOf(index).shared.put(key, Buffer.alloc(200, key))
    return at
  },
  async putMany({ prefix, count }) {
    const putAll = ({ index, shared }: SwarmNode): Promise<unknown>[] =>
      Array.from({ length: count }, (_, at) =>
        shared.put(`${prefix}${nameOf(index)}/${at}`, Buffer.alloc(200, `${index} ${at} `))
      )
    await Promise.all(all().flatMap(putAll))
  },
  async whenArrived({ keys, timeoutMs }) {
    const hasAll = ({ arrivals }: SwarmNode): boolean => keys.every((key) => arrivals.has(key))
    await whenEach(all(), hasAll, timeoutMs)
    const timesOf = (key: string): number[] =>
      all().flatMap(({ arrivals }) => arrivals.get(key) ?? [])
    const at = new Map(keys.map((key) => [key, timesOf(key)]))
    const had = [...at.values()].reduce((total, { length }) => total + length, 0)
    return { at, missing: keys.length * nodes.size - had }
  },
  contents: () =>
    Promise.all(
      all().map(async ({ shared }) => {
        const { root, keys } = await shared.status()
        return { root, keys }
      })
    ),
  async vitals({ released }) {
    if (!released) return vitals()
    collectAll()
    // What is found free is let go of in a later turn.
    await delay(20)
    return vitals()
  },
  async sessionsWith({ peers }) {
    const wanted = new Set(peers)
    const sessions = all().flatMap(({ assembly }) => assembly.wire.sessions.all())
    return sessions.filter(({ peer }) => wanted.has(peer)).length
  },
  async cut({ ports }) {
    cutPorts(ports)
  }
}
