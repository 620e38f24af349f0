/** What is asked of the process that runs JavaScript, and what it answers. */
import type { Json } from '../../../../core/json.ts'

/** Types and no interfaces, as they travel as JSON. */
export type Script = {
  /** The body of an async function of `input`. */
  readonly code: string
  /** JSON text. */
  readonly input: string
  /** Milliseconds. */
  readonly timeMs: number
}

export type ScriptOutcome = {
  readonly console: readonly string[]
} & (
  | { readonly type: 'returned'; readonly value: Json }
  /** What the script threw, or why it was ended. */
  | { readonly type: 'failed'; readonly reason: string }
)
