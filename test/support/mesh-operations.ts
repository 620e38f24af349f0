/** The mesh of a node that answers every operation with a document that has all its fields. */
import type * as api from '../../client/mesh-api.ts'
import type { MeshOperations } from '../../gateway/control/mesh-operations.ts'

const [self, peer, heard] = ['12D3KooWSelf', '12D3KooWPeer', '12D3KooWTold'] as const

export const MESH_GRAPH: api.MeshGraph = {
  v: 1,
  self,
  nodes: [
    { id: self, name: 'oak', state: 'self', agents: 3, load: 0, version: '0.1.0', links: 'told' },
    {
      id: peer,
      name: 'birch',
      state: 'connected',
      agents: 1,
      links: 'silent',
      reason: 'TIMED_OUT'
    },
    { id: heard, name: 'elm', state: 'heard', agents: null, links: 'unasked' }
  ],
  links: [
    { a: peer, b: self, path: 'direct', rttMs: 0.4, sure: true, seenBy: [self, peer] },
    { a: peer, b: heard, path: 'relay', via: self, rttMs: null, sure: false, seenBy: [peer] }
  ],
  omitted: 2,
  ageMs: 1200
}

const own = { id: self, name: 'oak' }
const birch = { id: peer, name: 'birch' }
const error = { code: 'PEER_UNREACHABLE', message: 'cannot reach elm', hint: 'lumos doctor' }

const MESH_ROUTES: api.MeshRoutes = {
  v: 1,
  self: own,
  routes: [
    {
      ...birch,
      state: 'connected',
      path: 'relay',
      hops: 2,
      next: birch,
      rttMs: 38.2,
      address: '/ip4/127.0.0.1/tcp/1/p2p/x/p2p-circuit',
      layers: 'relay/pnet/noise/yamux',
      foundBy: ['exchange', 'dht']
    },
    {
      id: heard,
      name: 'elm',
      state: 'disconnected',
      hops: null,
      rttMs: null,
      foundBy: ['mdns'],
      error
    }
  ]
}

const MESH_TOPICS: api.MeshTopics = {
  v: 1,
  peers: 1,
  topics: [
    {
      topic: '/lumos/presence/1/x',
      purpose: 'presence',
      subscribers: 1,
      meshPeers: [birch],
      messages: 30,
      overMs: 60_000
    }
  ]
}

export const MESH_DHT: api.MeshDht = {
  v: 1,
  mode: 'server',
  protocol: '/lumos/kad/1.0.0',
  peers: 3,
  buckets: [
    { sharedBits: 0, peers: 2 },
    { sharedBits: 1, peers: 1 }
  ],
  records: { kept: 12, own: 5 },
  announced: { keys: 5, agoMs: 61_000, failed: 1 },
  lookup: { found: 3, tookMs: 180.4, complete: true }
}

export const PEER_TRACE: api.PeerTrace = {
  v: 1,
  id: heard,
  name: 'elm',
  state: 'connected',
  hops: [
    { from: own, to: birch, path: 'direct', layers: 'tcp/pnet/noise/yamux', rttMs: 0.4 },
    { from: birch, to: { id: heard, name: 'elm' }, path: 'relay', rttMs: 37.2 }
  ],
  rttMs: 37.6,
  holePunch: { state: 'failed', attempts: 3, reason: 'no answer in time' },
  foundBy: ['dht'],
  addresses: [
    { address: '/ip4/192.168.1.9/tcp/5866', state: 'failed', reason: 'no answer in time' },
    { address: '/ip4/203.0.113.7/tcp/5866', state: 'untried' }
  ],
  attempts: 2,
  retryInMs: 1500,
  error
}

export function fakeMesh(overrides: Partial<MeshOperations> = {}): MeshOperations {
  return {
    graph: async () => MESH_GRAPH,
    routes: async () => MESH_ROUTES,
    topics: async () => MESH_TOPICS,
    dht: async () => MESH_DHT,
    trace: async () => PEER_TRACE,
    ...overrides
  }
}
