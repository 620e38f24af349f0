/** The control API's documents about the mesh: who is connected to whom, as far as this node is told. */
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
