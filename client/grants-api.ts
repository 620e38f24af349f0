/** The control API's documents about grants: what one node lets another do. */
import type { WireError } from '../core/errors.ts'
import type { NodeName } from './memory-api.ts'

/** What can be granted (docs/protocols/grants.md). */
export type GrantActionName =
  | 'task/send'
  | 'task/read'
  | 'memory/read'
  | 'memory/write'
  | 'agent/offer'
  | 'peer/relay'
  | 'control/read'
  | 'control/change'

/** Bounds on what is granted; one that is absent is no bound. */
export interface GrantBounds {
  /** Names, or `translate.*` for a branch of them. */
  readonly skills?: readonly string[]
  /** Tasks a minute. */
  readonly rate?: number
  /** Tasks at the same time. */
  readonly concurrency?: number
  /** Tokens of language models that one task may cost. */
  readonly tokens?: number
  /** What one task may cost, in the currency of the swarm. */
  readonly money?: number
  /** How often a task may be handed on. */
  readonly depth?: number
  /** What a task has seen must not leave the swarm. */
  readonly egress?: false
}

export type GrantStateName = 'in-force' | 'expired' | 'revoked'

export interface GrantSummary {
  /** 32 hex digits. */
  readonly id: string
  readonly issuer: NodeName
  /** The only node that can use it. */
  readonly audience: NodeName
  readonly can: readonly GrantActionName[]
  /** `swarm:<swarm id>`, or `node:<PeerId>` for one node of it. */
  readonly with: string
  readonly limits: GrantBounds
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
  readonly can: readonly GrantActionName[]
  /** This node alone, or the whole swarm; without it as the proof says, or this node. */
  readonly with?: 'node' | 'swarm'
  readonly limits?: GrantBounds
  /** Without it a week. */
  readonly lifetimeMs?: number
  /** A grant of this node, of which it passes on a part. */
  readonly proof?: string
}
