/** How this node is joined to the mesh: ways to peers, topics of gossip, its part of the DHT. */
import { API_VERSION } from '../../client/api.ts'
import type { Peer } from '../../client/api.ts'
import type {
  DhtBucket,
  DhtLookup,
  MeshDht,
  MeshRoute,
  MeshRoutes,
  MeshTopic,
  MeshTopics
} from '../../client/mesh-api.ts'
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { presenceTopic } from '../../discovery/presence/presence.ts'
import { spaceTopic } from '../../memory/live/message.ts'
import type { Assembly } from '../assembly.ts'
import { KAD_PROTOCOL, routingTable } from '../libp2p/network.ts'
import type { Network } from '../libp2p/network.ts'
import { meshPeers } from '../libp2p/pubsub.ts'
import { peerViews } from './peer-views.ts'
import { connectionTo, layersOf, relayOf } from './ways.ts'

export function meshRoutes(assembly: Assembly): MeshRoutes {
  const { wire } = assembly
  const peers = peerViews(assembly)
  const names = new Map(peers.map(({ id, name }) => [id, name]))
  return {
    v: API_VERSION,
    self: { id: wire.identity.peer, name: wire.name },
    routes: peers.map((peer) => routeTo(assembly, peer, (id) => names.get(id) ?? ''))
  }
}

function routeTo(
  { wire }: Assembly,
  { id, name, state, path, rttMs, foundBy, error }: Peer,
  nameOf: (peer: PeerIdText) => string
): MeshRoute {
  const known = { id, name, state, rttMs, foundBy, ...(error && { error }) }
  const connection = path && connectionTo(wire.network, id, path)
  if (path === undefined || connection === undefined) return { ...known, hops: null }
  const relay = relayOf(connection)
  const next = path === 'relay' ? relay : id
  return {
    ...known,
    path,
    hops: path === 'relay' ? 2 : 1,
    ...(next !== undefined && { next: { id: next, name: nameOf(next) } }),
    address: connection.remoteAddr.toString(),
    layers: layersOf(connection, wire.swarm.key !== undefined)
  }
}

const NOTHING_HEARD = { messages: 0, overMs: 0 }

export function meshTopics(assembly: Assembly): MeshTopics {
  const { wire, capabilities, memory } = assembly
  const gossip = wire.network.libp2p.services.pubsub
  const purposes = new Map([
    [presenceTopic(wire.swarm.id), 'presence'],
    ...memory.spaces().map(({ space }) => [spaceTopic(space.id), space.name] as const)
  ])
  const nameOf = (peer: PeerIdText): string =>
    capabilities.directory.peer(peer)?.name ?? wire.sessions.get(peer)?.hello.name ?? ''
  const topics = gossip.getTopics().map((topic): MeshTopic => ({
    topic,
    purpose: purposes.get(topic) ?? '',
    subscribers: wire.pubsub.subscribers(topic).length,
    meshPeers: meshPeers(gossip, topic).map((id) => ({ id, name: nameOf(id) })),
    ...(wire.pubsub.heard(topic) ?? NOTHING_HEARD)
  }))
  return {
    v: API_VERSION,
    peers: gossip.getPeers().length,
    topics: topics.toSorted((a, b) => b.subscribers - a.subscribers)
  }
}

export async function meshDht(
  assembly: Assembly,
  lookup: boolean,
  signal: AbortSignal
): Promise<MeshDht> {
  const { wire, capabilities, components } = assembly
  const { network, identity } = wire
  const { keys, announcedAt, failed } = capabilities.dht.announcing()
  const { clock } = components
  return {
    v: API_VERSION,
    mode: network.libp2p.services.dht.getMode(),
    protocol: KAD_PROTOCOL,
    peers: routingTable(network).size,
    buckets: bucketsOf(network),
    records: await recordsOf(network, identity.peer),
    announced: {
      keys,
      failed,
      agoMs: announcedAt === undefined ? null : Math.round(clock.monotonic() - announcedAt)
    },
    lookup: lookup ? await lookUpSelf({ clock, network }, signal) : null
  }
}

interface Bucket {
  readonly peers?: readonly { readonly kadId: Uint8Array }[]
  readonly left?: Bucket
  readonly right?: Bucket
}

/** Public on kad-dht's class, though its interface leaves it out. */
interface Table {
  readonly kb?: { readonly root?: Bucket; readonly localPeer?: { readonly kadId: Uint8Array } }
}

function bucketsOf(network: Network): readonly DhtBucket[] {
  const table: object = routingTable(network)
  const { kb }: Table = table
  const self = kb?.localPeer?.kadId
  if (kb?.root === undefined || self === undefined) return []
  const counts = new Map<number, number>()
  for (const kadId of keysOf(kb.root)) {
    const bits = sharedBits(self, kadId)
    // The table holds this node itself, too.
    if (bits < 8 * self.length) counts.set(bits, (counts.get(bits) ?? 0) + 1)
  }
  return Array.from(counts, ([bits, peers]) => ({ sharedBits: bits, peers })).toSorted(
    (a, b) => a.sharedBits - b.sharedBits
  )
}

function* keysOf({ peers = [], left, right }: Bucket): Generator<Uint8Array> {
  for (const { kadId } of peers) yield kadId
  if (left !== undefined) yield* keysOf(left)
  if (right !== undefined) yield* keysOf(right)
}

function sharedBits(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < a.length; at++) {
    const difference = (a[at] ?? 0) ^ (b[at] ?? 0)
    if (difference !== 0) return 8 * at + Math.clz32(difference) - 24
  }
  return 8 * a.length
}

interface RecordSource {
  query(query: { readonly prefix: string }): AsyncIterable<{ readonly key: { toString(): string } }>
}

async function recordsOf(network: Network, self: PeerIdText): Promise<MeshDht['records']> {
  const records = { kept: 0, own: 0 }
  const source = recordSource(network)
  if (source === undefined) return records
  for await (const { key } of source.query({ prefix: '/dht/provider' })) {
    if (key.toString().endsWith(`/${self}`)) records.own += 1
    else records.kept += 1
  }
  return records
}

/** Where the DHT keeps records (node/libp2p/dht-datastore.ts), as its class shows it. */
function recordSource({ libp2p }: Network): RecordSource | undefined {
  const components: unknown = Reflect.get(libp2p.services.dht, 'components')
  if (typeof components !== 'object' || components === null) return undefined
  const datastore: unknown = Reflect.get(components, 'datastore')
  return isSource(datastore) ? datastore : undefined
}

function isSource(value: unknown): value is RecordSource {
  return typeof value === 'object' && value !== null && 'query' in value
}

/** Does not wait for the first search that libp2p makes of its own, a minute after the start. */
const OWN_SEARCH = { isSelfQuery: true }

async function lookUpSelf(
  { clock, network }: { readonly clock: Clock; readonly network: Network },
  signal: AbortSignal
): Promise<DhtLookup> {
  const { libp2p } = network
  const begun = clock.monotonic()
  const deadline = AbortSignal.any([signal, clock.timeout(LIMITS.dhtFind.value)])
  const key = libp2p.peerId.toMultihash().bytes
  const options = { ...OWN_SEARCH, signal: deadline }
  let found = 0
  let complete = true
  try {
    for await (const _ of libp2p.peerRouting.getClosestPeers(key, options)) found += 1
  } catch {
    signal.throwIfAborted()
    complete = false
  }
  const tookMs = clock.monotonic() - begun
  return { found, tookMs, complete: complete && !deadline.aborted }
}
