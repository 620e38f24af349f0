/** The control API's documents about where the time of a task went, on all nodes that took part. */
import type { SpanValue } from '../core/trace.ts'
import type { Versioned } from './api.ts'

/**
 * Something that took time. `task`: the whole of it, at the node that asked. `route`: the search for a
 * worker. `attempt`: the task at one worker. `accept`, `queue`, `run`: what that one did with it. `tool`,
 * `model`, `memory`: what its agent used.
 */
export interface TraceSpan {
  /** 16 hexadecimal digits. */
  readonly id: string
  /** Id of the span that it hangs below; empty when that is not among these. */
  readonly parent: string
  /** 0 for what hangs below nothing; the spans below one come right behind it. */
  readonly depth: number
  readonly name: string
  /** What it is about, in a word: an agent, a tool, a model; may be empty. */
  readonly subject: string
  readonly node: { readonly id: string; readonly name: string }
  /** Milliseconds since the beginning of the first of these, by the clock of the node that tells. */
  readonly startMs: number
  /** Null while it goes on. */
  readonly tookMs: number | null
  readonly attributes: Readonly<Record<string, SpanValue>>
  readonly events: readonly { readonly name: string; readonly atMs: number }[]
  /** Code of what it failed with; empty when it did not. */
  readonly error: string
}

/** A node that took part and of which nothing was learnt. */
export interface MissingNode {
  readonly id: string
  readonly name: string
  /** `away`, `old` (it keeps no traces), `late`, `forgotten`, or the code of an error. */
  readonly why: string
}

export interface TaskTrace extends Versioned {
  /** Task id. */
  readonly task: string
  /** W3C trace id: 32 hexadecimal digits. */
  readonly trace: string
  /** ISO 8601: when the first span began; empty without spans. */
  readonly startedAt: string
  /** Milliseconds from there to the end of the last; of those that go on, to now. */
  readonly tookMs: number
  /** In the order in which they are to be drawn. */
  readonly spans: readonly TraceSpan[]
  readonly missing: readonly MissingNode[]
  /** Spans that were too many to be kept, or told. */
  readonly dropped: number
}
