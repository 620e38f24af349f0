/** The control API's documents about agents under development (`lumos dev`). */
import type { WireError } from '../core/errors.ts'

export interface DevRequest {
  /** Absolute: a file, or the folder of a project. */
  readonly path: string
  /** All that the process of the agents gets of an environment, beside a bare one. */
  readonly env?: Readonly<Record<string, string>>
}

/** Where in somebody's code. */
export interface Place {
  /** Absolute. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column?: number
}

export interface DevAgent {
  readonly id: string
  readonly description: string
  /** Something to ask it. */
  readonly example?: string
}

/** One line of `lumos dev --json`. */
export type DevEvent = { readonly v: 1 } & (
  | {
      /** This version is asked from now on, here and by peers. */
      readonly type: 'loaded'
      readonly agents: readonly DevAgent[]
      /** From 1. */
      readonly version: number
      /** Milliseconds since the file was saved, until peers were told. */
      readonly tookMs: number
    }
  | {
      /** What was saved cannot be loaded, or the process of what was loaded has ended. */
      readonly type: 'failed'
      readonly reason: string
      readonly place?: Place
      /** Whether an earlier version still answers. */
      readonly serving: boolean
    }
  | {
      readonly type: 'asked'
      readonly task: string
      readonly agent: string
      readonly caller: { readonly id: string; readonly name: string }
      /** The beginning of what is asked. */
      readonly text: string
    }
  | {
      readonly type: 'answered'
      readonly task: string
      readonly agent: string
      readonly tookMs: number
      readonly error?: WireError
      /** Where the code failed. */
      readonly place?: Place
    }
  /** What the code prints. */
  | { readonly type: 'printed'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
)
