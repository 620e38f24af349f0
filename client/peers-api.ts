/** The control API's documents about one peer: its standing, and who is not wanted. */
import type { Peer, Versioned } from './api.ts'

export interface PeerBlock {
  /** ISO 8601. */
  readonly at: string
  readonly reason?: string
  /** ISO 8601; without it, until it is taken back. */
  readonly until?: string
}

/** What a peer did that no honest one does; fades within minutes. */
export interface PeerBlame {
  readonly points: number
  /** Of the last offence: an error code, or `gossip`. */
  readonly reason?: string
  readonly agoMs: number
}

export interface PeerDetails extends Versioned {
  readonly peer: Peer
  /** In the swarm; absent for one that is no member. */
  readonly role?: string
  /** What this node lets it use at most: names of docs/limits.md. */
  readonly quotas: Readonly<Record<string, number>>
  readonly block?: PeerBlock
  readonly blame?: PeerBlame
}

export interface BlockRequest {
  readonly reason?: string
  /** Without it, until it is taken back. */
  readonly forMs?: number
}
