/** Why a worker was chosen: told with the task's story, and to those who ask for it. */

/** The ways to choose among workers; docs/routing.md says what each does. */
export const ROUTE_POLICIES = ['local-first', 'fastest', 'cheapest', 'spread', 'sticky'] as const

export type RoutePolicy = (typeof ROUTE_POLICIES)[number]

/** A worker as it was seen at the moment of a choice. Durations are milliseconds. */
export interface RouteCandidate {
  /** Name of its node. */
  readonly node: string
  readonly agent: string
  readonly rttMs: number
  readonly queueMs: number
  readonly runMs: number
  /** Expected until somebody has finished it, when failures are repeated: the least wins. */
  readonly costMs: number
  /** 0 to 1. */
  readonly success: number
  /** Tasks that this node has there. */
  readonly inFlight: number
  /** What it says of itself, 0 to 1; `null` when it says nothing. */
  readonly load: number | null
  readonly price: number
  /** Tasks of which the run time is known; with 0 it is a guess. */
  readonly measured: number
}

/** With all that was measured of it. */
export interface MeasuredCandidate extends RouteCandidate {
  readonly path: 'local' | 'direct' | 'relay'
  /** Quantiles of what was measured here; `null` before the first task. */
  readonly runP50Ms: number | null
  readonly runP95Ms: number | null
  readonly queueP95Ms: number | null
  readonly firstEventP95Ms: number | null
  /** Of being asked, if it were now: 0 to 1. */
  readonly chance: number
  readonly why: RouteVerdict
  /** How long it is passed over yet; 0 when it is not. */
  readonly excludedMs: number
}

export interface RouteChoice {
  readonly policy: RoutePolicy
  /** Those that were compared, the chosen one first. */
  readonly compared: readonly RouteCandidate[]
  /** How many were passed over, by reason. */
  readonly excluded: Readonly<Record<string, number>>
}

/** What becomes of a candidate: whether it may be asked, and if not, why. */
export const ROUTE_VERDICTS = [
  /** Expected to finish first of those that may be asked. */
  'best',
  /** May be asked when it and a slower one are drawn. */
  'slower',
  /** Never asked as long as the others are better: one of them is drawn with it. */
  'slowest',
  /** The policy prefers another: its own agent, a lower price, whose turn it is, whose thread. */
  'not-preferred',
  'not-connected',
  'banned',
  'breaker-open',
  'asked-to-wait'
] as const

export type RouteVerdict = (typeof ROUTE_VERDICTS)[number]
