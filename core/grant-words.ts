/** The words of a grant: what can be granted, and within which bounds. */

/** Each opens something in trust/operations.ts. An unknown word makes the whole token worthless. */
export const GRANT_ACTIONS = ['task/send', 'memory/read', 'memory/write', 'agent/offer'] as const

export type GrantAction = (typeof GRANT_ACTIONS)[number]

/** What a token for HTTP can say: with the last two, its holder looks after this node, as far as it can from there. */
export const API_SCOPES = [...GRANT_ACTIONS, 'control/read', 'control/write'] as const

export type ApiScope = (typeof API_SCOPES)[number]

/** Bounds on what is granted; one that is absent is no bound of this grant. */
export interface GrantLimits {
  /** Skills that may be asked for: names, or `translate.*` for a branch of them. */
  readonly skills?: readonly string[]
  /** Calls a minute. */
  readonly rate?: number
  /** Tasks at the same time. */
  readonly concurrency?: number
  /** Tokens of language models that one task may cost. */
  readonly tokens?: number
  /** What one task may cost, in the currency of the swarm. */
  readonly money?: number
  /** How often a task may be handed on. */
  readonly depth?: number
  /** Whether what a task has seen may leave the swarm; absent: as the worker's own policy says. */
  readonly egress?: false
}
