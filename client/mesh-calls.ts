/** Calls of the control API about the mesh. */
import type { MeshDht, MeshGraph, MeshRoutes, MeshTopics, PeerTrace } from './mesh-api.ts'
import type { CallOptions, Verbs } from './verbs.ts'
import { encode, overNetwork, query } from './verbs.ts'

export interface MeshCalls {
  /** Who is connected to whom; what the peers said a few seconds ago is said again. */
  graph(options?: CallOptions): Promise<MeshGraph>
  /** How each known peer is reached. */
  routes(options?: CallOptions): Promise<MeshRoutes>
  /** What is gossiped about, and with whom. */
  topics(options?: CallOptions): Promise<MeshTopics>
  /** This node's part of the DHT; with `lookup`, a search through it is made and timed. */
  dht(options?: CallOptions & { readonly lookup?: boolean }): Promise<MeshDht>
  /** The way to a peer, step by step. PEER_UNKNOWN. */
  trace(peer: string, options?: CallOptions): Promise<PeerTrace>
}

export function createMeshCalls({ get }: Verbs): MeshCalls {
  return {
    graph: (options) => get('/v1/mesh', options),
    routes: (options) => get('/v1/mesh/routes', options),
    topics: (options) => get('/v1/mesh/topics', options),
    dht: ({ lookup, ...options } = {}) =>
      get(`/v1/mesh/dht${query({ lookup })}`, overNetwork(options)),
    trace: (peer, options) => get(`/v1/peers/${encode(peer)}/trace`, overNetwork(options))
  }
}
