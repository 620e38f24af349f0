/** The control API's documents about what those who come in over HTTP have used. */

/** What one of them used on one day. */
export interface UsageDay {
  /** `2026-11-21`, of UTC. */
  readonly day: string
  /** Whose tasks they are: `tenant:acme`, or the name in the audit log of one that is of no tenant. */
  readonly owner: string
  /** Null for one that is of no tenant. */
  readonly tenant: string | null
  /** Those that were turned away included. */
  readonly requests: number
  /** Requests and tasks that a quota kept out. */
  readonly refused: number
  /** Tasks by how they ended. */
  readonly completed: number
  readonly failed: number
  readonly canceled: number
  readonly rejected: number
  /** Of language models, as agents told step by step. */
  readonly inputTokens: number
  readonly outputTokens: number
  /** All that workers say was spent, by those whom their agents asked, too. */
  readonly tokens: number
  /** US dollars, where prices are known. */
  readonly cost: number
  /** Milliseconds from the orders of tasks to their ends. */
  readonly runMs: number
  /** Of orders and their stories, near enough. */
  readonly bytes: number
}

export interface UsageReport {
  readonly v: 1
  /** Youngest first. */
  readonly days: readonly UsageDay[]
}

export interface UsageQuery {
  /** Only this tenant's. */
  readonly tenant?: string
  /** `2026-11-21`: this day and those after it. */
  readonly since?: string
}
