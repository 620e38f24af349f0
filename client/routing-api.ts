/** Documents of the control API about the choice of a worker. */
import type { MeasuredCandidate, RoutePolicy } from '../core/route-choice.ts'
import type { Versioned } from './api.ts'

/** One that could be asked, with everything that is known of it. Durations are milliseconds. */
export interface RouteStanding extends MeasuredCandidate {
  readonly peer: { readonly id: string; readonly name: string }
  readonly local: boolean
  readonly connected: boolean
  /** Tasks it runs at the same time, as it says. */
  readonly slots: number | null
  readonly idempotent: boolean
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
