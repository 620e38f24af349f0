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

export function fakeMesh(overrides: Partial<MeshOperations> = {}): MeshOperations {
  return { graph: async () => MESH_GRAPH, ...overrides }
}
