/** The control API's documents about language models. */
import type { WireError } from '../core/errors.ts'

/**
 * - `asking`: it has not answered yet
 * - `unusable`: it lacks something on this node, such as a key
 */
export type ModelProviderStatus = 'asking' | 'ready' | 'unreachable' | 'refused' | 'unusable'

export interface ModelSummary {
  /** As its server calls it. */
  readonly id: string
  /** `provider/model`: what agents and commands take. */
  readonly ref: string
  /** US dollars for a million tokens, where that is configured. */
  readonly price?: { readonly input: number; readonly output: number }
}

export interface ModelProviderSummary {
  readonly name: string
  readonly baseUrl: string
  /** Where its key is from, or how it was found: `env OPENAI_API_KEY`, `secrets file`, `detected`. */
  readonly source: string
  /** Whether it is in the configuration, was added by hand, or found by itself. */
  readonly origin: 'config' | 'added' | 'found'
  readonly status: ModelProviderStatus
  /** Why it cannot be used now. */
  readonly problem?: WireError
  readonly models: readonly ModelSummary[]
}

export interface ModelList {
  readonly v: 1
  /** Asked one after the other when nothing is said. */
  readonly default: readonly string[]
  /** What makes vectors. */
  readonly embedding?: string
  readonly providers: readonly ModelProviderSummary[]
}

export interface ModelProviderDocument {
  readonly v: 1
  readonly provider: ModelProviderSummary
}

export interface AddModelsRequest {
  /** Of the provider: one of those known by name, or any other with a `baseUrl`. */
  readonly name: string
  readonly baseUrl?: string
  /** Stored in the node's file of secrets; no answer ever has it. */
  readonly key?: string
  /** Ids; without them its server is asked. */
  readonly models?: readonly string[]
}

export interface ModelDefaults {
  readonly v: 1
  readonly default: readonly string[]
}

export interface ModelTest {
  readonly v: 1
  readonly model: string
  readonly works: boolean
  /** Milliseconds from the question to the first token. */
  readonly firstTokenMs?: number
  /** Milliseconds to the end of the answer. */
  readonly tookMs: number
  /** What it said, its beginning. */
  readonly text?: string
  readonly error?: WireError
}
