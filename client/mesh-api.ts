/** The control API's documents about the mesh: who is connected to whom, as far as this node is told. */
import type { WireError } from '../core/errors.ts'
import type { PeerState, Versioned } from './api.ts'

/** `heard`: this node has no session with it, and knows it by the word of others. */
export type MeshNodeState = 'self' | 'heard' | PeerState

export interface MeshNode {
  readonly id: string
  /** Empty where nobody has told one. */
  readonly name: string
  readonly state: MeshNodeState
  /** Agents as far as known; null for a node of which nobody knows any. */
  readonly agents: number | null
  /** Running tasks per slot, 0 to 1. */
  readonly load?: number
  readonly version?: string
  /**
   * What it says of its own links: `told`, `silent` when it was asked and gave no answer worth anything
   * (an older version, too slow, hostile), `unasked` when this node has no session with it.
   */
  readonly links: 'told' | 'silent' | 'unasked'
  /** Why it is silent: a code of docs/errors.md. */
  readonly reason?: string
}

/** One connection between two nodes; `a` is the smaller id. */
export interface MeshLink {
  readonly a: string
  readonly b: string
  readonly path: 'direct' | 'relay'
  /** PeerId of the relay between them, where it is known. */
  readonly via?: string
  /** The shorter of what both ends measure; null when neither has measured. */
  readonly rttMs: number | null
  /** Both ends say so. What one end alone says may be old, or a lie. */
  readonly sure: boolean
  /** Who says so: one end or both. */
  readonly seenBy: readonly string[]
}

export interface MeshGraph extends Versioned {
  /** PeerId of this node. */
  readonly self: string
  /** This node first, then by name. */
  readonly nodes: readonly MeshNode[]
  readonly links: readonly MeshLink[]
  /** Peers with a session that were not asked or not listed, since there are more than a node takes in. */
  readonly omitted: number
  /** Milliseconds since the peers were asked. */
  readonly ageMs: number
}

/** How this node reaches one other. */
export interface MeshRoute {
  readonly id: string
  readonly name: string
  readonly state: PeerState
  /** Absent without a connection. */
  readonly path?: 'direct' | 'relay'
  /** 1 directly, 2 by a relay; null without a connection. */
  readonly hops: number | null
  /** Who gets what is sent to it: itself, or the relay. */
  readonly next?: { readonly id: string; readonly name: string }
  readonly rttMs: number | null
  /** Where the connection leads to, as a multiaddr. */
  readonly address?: string
  /** As `tcp/pnet/noise/yamux`. */
  readonly layers?: string
  readonly foundBy: readonly string[]
  /** Why it is not connected. */
  readonly error?: WireError
}

export interface MeshRoutes extends Versioned {
  readonly self: { readonly id: string; readonly name: string }
  readonly routes: readonly MeshRoute[]
}

export interface MeshTopic {
  readonly topic: string
  /** `presence`, the name of a space of shared memory, or empty for what this node cannot name. */
  readonly purpose: string
  /** Connected peers that listen. */
  readonly subscribers: number
  /** Those of them that this node exchanges whole messages with; to the others it only tells which there are. */
  readonly meshPeers: readonly { readonly id: string; readonly name: string }[]
  /** Messages that came, each counted once, since this node listens. */
  readonly messages: number
  readonly overMs: number
}

export interface MeshTopics extends Versioned {
  /** Connected peers that speak gossip. */
  readonly peers: number
  readonly topics: readonly MeshTopic[]
}

export interface DhtBucket {
  /** Leading bits that its keys have in common with the key of this node. */
  readonly sharedBits: number
  readonly peers: number
}

export interface MeshDht extends Versioned {
  /** A server answers lookups of others. */
  readonly mode: 'client' | 'server'
  readonly protocol: string
  /** Peers in the table. */
  readonly peers: number
  /** Without empty ones, the farthest first. */
  readonly buckets: readonly DhtBucket[]
  /** Who has which skill: records of others that this node keeps, and its own. */
  readonly records: { readonly kept: number; readonly own: number }
  /** What this node announces of itself. */
  readonly announced: {
    readonly keys: number
    /** Since the last whole round; null before it. */
    readonly agoMs: number | null
    /** Keys that could not be announced in the last round. */
    readonly failed: number
  }
  /** A search for the nearest to this node, made for this answer; null where it was not wanted. */
  readonly lookup: DhtLookup | null
}

export interface DhtLookup {
  readonly found: number
  readonly tookMs: number
  /** It was given up at its deadline, with what it had found by then. */
  readonly complete: boolean
}

/** One step on the way to a peer. */
export interface TraceHop {
  readonly from: { readonly id: string; readonly name: string }
  readonly to: { readonly id: string; readonly name: string }
  readonly path: 'direct' | 'relay'
  readonly layers?: string
  /** Of this step alone; null where it could not be measured. */
  readonly rttMs: number | null
}

export interface TracedAddress {
  readonly address: string
  readonly state: 'connected' | 'failed' | 'untried'
  /** What went wrong. */
  readonly reason?: string
}

/**
 * What became of trying for a direct way past a relay. `off`: this node does not try (network.natTraversal);
 * `waiting`: the other side has to begin, as it is the one that was dialled.
 */
export interface HolePunch {
  readonly state: 'off' | 'waiting' | 'trying' | 'failed' | 'succeeded'
  readonly attempts: number
  /** Of the last attempt. */
  readonly reason?: string
}

export interface PeerTrace extends Versioned {
  readonly id: string
  readonly name: string
  readonly state: PeerState
  /** Empty without a connection. */
  readonly hops: readonly TraceHop[]
  /** The whole way there and back, measured for this answer. */
  readonly rttMs: number | null
  /** Only where a relay is, or was, on the way. */
  readonly holePunch?: HolePunch
  readonly foundBy: readonly string[]
  readonly addresses: readonly TracedAddress[]
  /** Tries in a row that failed. */
  readonly attempts: number
  readonly retryInMs: number | null
  /** Why it is not connected. */
  readonly error?: WireError
}
