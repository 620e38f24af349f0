/** What the control API says about the mesh: schemas of client/mesh-api.ts. */
import { z } from 'zod'
import type * as api from '../../../client/mesh-api.ts'
import { count, ms, named, node as place, v, wireError } from './document.ts'

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

const path = z.enum(['direct', 'relay'])

const link: z.ZodType<api.MeshLink> = named(
  'MeshLink',
  z.strictObject({
    a: z.string().describe('PeerId, the smaller of the two.'),
    b: z.string(),
    path,
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

const peerState = z.enum(['connected', 'connecting', 'disconnected', 'refused', 'blocked'])
const layers = z.string().exactOptional().describe('As `tcp/pnet/noise/yamux`.')

const route: z.ZodType<api.MeshRoute> = named(
  'MeshRoute',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    state: peerState,
    path: path.exactOptional(),
    hops: count.nullable().describe('1 directly, 2 by a relay.'),
    next: place.exactOptional().describe('Who gets what is sent to it: itself, or the relay.'),
    rttMs: ms.nullable(),
    address: z.string().exactOptional().describe('Where the connection leads to, a multiaddr.'),
    layers,
    foundBy: z.array(z.string()),
    error: wireError.exactOptional().describe('Why it is not connected.')
  })
)

export const routes: z.ZodType<api.MeshRoutes> = named(
  'MeshRoutes',
  z.strictObject({ v, self: place, routes: z.array(route) })
)

export const topics: z.ZodType<api.MeshTopics> = named(
  'MeshTopics',
  z.strictObject({
    v,
    peers: count.describe('Connected peers that speak gossip.'),
    topics: z.array(
      z.strictObject({
        topic: z.string(),
        purpose: z.string().describe('`presence`, the name of a space, or empty.'),
        subscribers: count.describe('Connected peers that listen.'),
        meshPeers: z.array(place).describe('Those with whom whole messages are exchanged.'),
        messages: count.describe('That came since this node listens, each counted once.'),
        overMs: ms.describe('Since this node listens.')
      })
    )
  })
)

export const dht: z.ZodType<api.MeshDht> = named(
  'MeshDht',
  z.strictObject({
    v,
    mode: z.enum(['client', 'server']),
    protocol: z.string(),
    peers: count.describe('In the table.'),
    buckets: z
      .array(
        z.strictObject({
          sharedBits: count.describe('Leading bits shared with the key of this node.'),
          peers: count
        })
      )
      .describe('Without empty ones, the farthest first.'),
    records: z
      .strictObject({ kept: count, own: count })
      .describe('Who has which skill: records of others kept here, and own ones.'),
    announced: z.strictObject({
      keys: count,
      agoMs: ms.nullable().describe('Since the last whole round; null before it.'),
      failed: count.describe('Keys that could not be announced in the last round.')
    }),
    lookup: z
      .strictObject({ found: count, tookMs: ms, complete: z.boolean() })
      .nullable()
      .describe('A search for the nearest to this node; null where it was not wanted.')
  })
)

export const trace: z.ZodType<api.PeerTrace> = named(
  'PeerTrace',
  z.strictObject({
    v,
    id: z.string(),
    name: z.string(),
    state: peerState,
    hops: z.array(
      z.strictObject({
        from: place,
        to: place,
        path,
        layers,
        rttMs: ms.nullable().describe('Of this step alone.')
      })
    ),
    rttMs: ms.nullable().describe('The whole way there and back.'),
    holePunch: z
      .strictObject({
        state: z.enum(['off', 'waiting', 'trying', 'failed', 'succeeded']),
        attempts: count,
        reason: z.string().exactOptional().describe('Of the last attempt.')
      })
      .exactOptional()
      .describe('What became of trying for a direct way past a relay.'),
    foundBy: z.array(z.string()),
    addresses: z.array(
      z.strictObject({
        address: z.string(),
        state: z.enum(['connected', 'failed', 'untried']),
        reason: z.string().exactOptional()
      })
    ),
    attempts: count.describe('Tries in a row that failed.'),
    retryInMs: ms.nullable(),
    error: wireError.exactOptional().describe('Why it is not connected.')
  })
)
