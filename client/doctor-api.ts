/** What `lumos doctor` finds and mends: `/v1/doctor`. */
import type { Versioned } from './api.ts'

export type CheckState = 'ok' | 'warning' | 'critical' | 'unknown'

/** One step that a check took, and how it went. */
export interface Attempt {
  /** `dns`, `tcp`, `wall`, `noise`, `hello`, or an address. */
  readonly step: string
  readonly ok: boolean
  readonly text: string
  readonly tookMs?: number
}

export interface Check {
  readonly area: string
  readonly name: string
  readonly state: CheckState
  readonly text: string
  /** What to type. */
  readonly hint?: string
  /** The cause, for programs: docs/operations.md lists them. */
  readonly code?: string
  /** What was tried, in order. */
  readonly tried?: readonly Attempt[]
  readonly tookMs?: number
  /** What `lumos doctor --fix` can mend without loss: give it to `POST /v1/doctor/fix`. */
  readonly fix?: string
}

export interface DoctorFixed extends Versioned {
  readonly done: readonly { readonly fix: string; readonly ok: boolean; readonly text: string }[]
}

export interface DoctorReport extends Versioned {
  readonly checks: readonly Check[]
}
