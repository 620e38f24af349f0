/** What the control API says about the mesh: schemas of client/mesh-api.ts. */
import { z } from 'zod'
import type * as api from '../../../client/mesh-api.ts'
import { count, ms, named, v } from './document.ts'

const node: z.ZodType<api.MeshNode> = named(
  'MeshNode',
  z.strictObject({
    id: z.string().describe('PeerId.'),
    name: z.string(),
    state: z
      .enum(['self', 'heard', 'connected', 'connecting', 'disconnected', 'refused', 'blocked'])
      .describe('`heard`: known by the word of others alone.'),
    agents: count.nullable().describe('Agents as far as known.'),
    load: z.number().exactOptional().describe('Running tasks per slot, 0 to 1.'),
    version: z.string().exactOptional(),
    links: z.enum(['told', 'silent', 'unasked']).describe('What it says of its own links.'),
    reason: z.string().exactOptional().describe('Why it is silent: a code of docs/errors.md.')
  })
)

const link: z.ZodType<api.MeshLink> = named(
  'MeshLink',
  z.strictObject({
    a: z.string().describe('PeerId, the smaller of the two.'),
    b: z.string(),
    path: z.enum(['direct', 'relay']),
    via: z.string().exactOptional().describe('PeerId of the relay between them.'),
    rttMs: ms.nullable().describe('The shorter of what both ends measure.'),
    sure: z.boolean().describe('Both ends say so.'),
    seenBy: z.array(z.string()).describe('PeerIds of the ends that say so.')
  })
)

export const graph: z.ZodType<api.MeshGraph> = named(
  'MeshGraph',
  z.strictObject({
    v,
    self: z.string().describe('PeerId of this node.'),
    nodes: z.array(node).describe('This node first, then by name.'),
    links: z.array(link),
    omitted: count.describe('Peers that were not asked or not listed, since there are too many.'),
    ageMs: ms.describe('Milliseconds since the peers were asked.')
  })
)
