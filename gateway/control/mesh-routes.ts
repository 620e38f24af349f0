/** The part of the table of the control API that is about the mesh. */
import { z } from 'zod'
import { documentRoute } from './route.ts'
import { yesNo } from './schema/document.ts'
import * as mesh from './schema/mesh.ts'

export const meshRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/mesh',
    id: 'mesh',
    summary: 'Who is connected to whom, as far as this node is told',
    answer: mesh.graph,
    handle: (operations, { signal }) => operations.mesh.graph(signal)
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/mesh/routes',
    id: 'meshRoutes',
    summary: 'How each known peer is reached',
    answer: mesh.routes,
    handle: (operations) => operations.mesh.routes()
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/mesh/topics',
    id: 'meshTopics',
    summary: 'What is gossiped about, and with whom',
    answer: mesh.topics,
    handle: (operations) => operations.mesh.topics()
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/mesh/dht',
    id: 'meshDht',
    summary: 'This node’s part of the DHT',
    query: z.strictObject({
      lookup: yesNo.describe('Search for the nearest to this node, and say how long that takes.')
    }),
    answer: mesh.dht,
    handle: (operations, { query, signal }) => operations.mesh.dht(query.lookup, signal)
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/peers/{selector}/trace',
    id: 'tracePeer',
    summary: 'The way to a peer, step by step, and what was tried',
    params: z.strictObject({
      selector: z.string().min(1).max(1024).describe('Name, PeerId or unique prefix.')
    }),
    answer: mesh.trace,
    handle: (operations, { params, signal }) => operations.mesh.trace(params.selector, signal)
  })
]
