/** Documents of the control API about the choice of a worker. */
import type { RouteCandidate, RoutePolicy, RouteVerdict } from '../core/route-choice.ts'
import type { Versioned } from './api.ts'

/** One that could be asked, with everything that is known of it. Durations are milliseconds. */
export interface RouteStanding extends RouteCandidate {
  readonly peer: { readonly id: string; readonly name: string }
  readonly local: boolean
  readonly connected: boolean
  readonly path: 'local' | 'direct' | 'relay'
  /** Tasks it runs at the same time, as it says. */
  readonly slots: number | null
  readonly idempotent: boolean
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

export interface RouteExplanation extends Versioned {
  readonly target: string
  readonly policy: RoutePolicy
  readonly lookupMs: number
  /** Likeliest first. */
  readonly candidates: readonly RouteStanding[]
}

export interface RouteQuery {
  /** As for a run. */
  readonly target: string
  readonly to?: string
  readonly where?: 'local' | 'remote' | 'any'
  readonly policy?: RoutePolicy
  /** The conversation, for the policy `sticky`. */
  readonly contextId?: string
}
