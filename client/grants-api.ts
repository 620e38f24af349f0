/** The control API's documents about grants: what one node lets another do. */
import type { WireError } from '../core/errors.ts'
import type { GrantAction, GrantLimits } from '../core/grant-words.ts'
import type { NodeName } from './memory-api.ts'

export type GrantStateName = 'in-force' | 'expired' | 'revoked'

export interface GrantSummary {
  /** 32 hex digits. */
  readonly id: string
  readonly issuer: NodeName
  /** The only node that can use it. */
  readonly audience: NodeName
  readonly can: readonly GrantAction[]
  /** `swarm:<swarm id>`, or `node:<PeerId>` for one node of it. */
  readonly with: string
  readonly limits: GrantLimits
  /** ISO 8601. */
  readonly issuedAt: string
  readonly expiresAt: string
  readonly state: GrantStateName
}

/** One grant of a chain, and why it is worth nothing as far as this node knows. */
export interface GrantLinkView extends GrantSummary {
  readonly error?: WireError
}

export interface GrantList {
  readonly v: 1
  /** Given by this node. */
  readonly given: readonly GrantSummary[]
  /** Given to this node. */
  readonly held: readonly GrantSummary[]
}

export interface GrantDocument {
  readonly v: 1
  readonly token: string
  readonly grant: GrantSummary
  /** Whether every grant of the chain counts. */
  readonly valid: boolean
  /** From the one whose right it was to the grant itself. */
  readonly chain: readonly GrantLinkView[]
}

export interface CreateGrantRequest {
  /** Name, PeerId or unique beginning of it. */
  readonly peer: string
  readonly can: readonly GrantAction[]
  /** This node alone, or the whole swarm; without it as the proof says, or this node. */
  readonly with?: 'node' | 'swarm'
  readonly limits?: GrantLimits
  /** Without it a week. */
  readonly lifetimeMs?: number
  /** A grant of this node, of which it passes on a part. */
  readonly proof?: string
}
