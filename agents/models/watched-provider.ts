/** One provider as the node knows it: which models it has, and how it answered last. */
import type { Clock } from '../../core/clock.ts'
import type { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { modelFailure } from './failure.ts'
import type { ListTarget } from './model-list.ts'
import { isConversational, listModels } from './model-list.ts'
import type { EmbeddingModel, Model, ModelPrice } from './model.ts'
import type { ModelProvider, ModelProviderInit } from './openai-provider.ts'

export interface ProviderDefinition extends ModelProviderInit, ListTarget {
  /** Where it, and its key, come from, for people: `env OPENAI_API_KEY`, `secrets file`, `detected`. */
  readonly source: string
  /** Whoever wrote it down: nobody for those that were found. */
  readonly origin: 'config' | 'added' | 'found'
  /** Empty: those that it lists itself. */
  readonly models: readonly string[]
  /** By id of the model. */
  readonly prices: ReadonlyMap<string, ModelPrice>
  /** Only looked for: it does not exist for anybody until it answers. */
  readonly detected: boolean
  /** Why it cannot be asked at all, such as a key that is missing. */
  readonly problem?: LumosError
}

/**
 * - `asking`: it has not answered yet
 * - `ready`: it answered, or is known to work without saying which models it has
 * - `unusable`: it lacks something here
 */
export type ProviderStatus = 'asking' | 'ready' | 'unreachable' | 'refused' | 'unusable'

export interface ProviderState {
  readonly name: string
  readonly baseUrl: string
  readonly source: string
  readonly origin: ProviderDefinition['origin']
  readonly status: ProviderStatus
  readonly problem?: LumosError
  /** Those that one can talk with, the first of them first. */
  readonly models: readonly string[]
  readonly prices: ReadonlyMap<string, ModelPrice>
}

export interface WatchedProviderComponents {
  readonly clock: Clock
  readonly requests: ModelProvider
}

/** One answer that is late does not make a model server disappear. */
const FAILURES_UNTIL_GONE = 2

export class WatchedProvider {
  readonly definition: ProviderDefinition
  readonly #parts: WatchedProviderComponents
  #listed: readonly string[] = []
  #status: ProviderStatus
  #problem: LumosError | undefined
  #failures = FAILURES_UNTIL_GONE
  #askedAt: number | undefined
  #asking: Promise<void> | undefined

  constructor(parts: WatchedProviderComponents, definition: ProviderDefinition) {
    this.#parts = parts
    this.definition = definition
    this.#problem = definition.problem
    this.#status = definition.problem === undefined ? 'asking' : 'unusable'
  }

  /** What was only looked for is there while it answers. */
  isVisible(): boolean {
    return !this.definition.detected || this.#failures < FAILURES_UNTIL_GONE
  }

  isDue(): boolean {
    if (this.definition.problem !== undefined) return false
    if (this.#askedAt === undefined || this.#status !== 'ready') return true
    const every = isLocal(this.definition.baseUrl)
      ? LIMITS.modelProbeEvery.value
      : LIMITS.modelListEvery.value
    return this.#parts.clock.monotonic() - this.#askedAt >= every
  }

  /** Of several who want to know at once one asks. */
  ask(stopped: AbortSignal): Promise<void> {
    this.#asking ??= this.#ask(stopped).finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #ask(stopped: AbortSignal): Promise<void> {
    if (this.definition.problem !== undefined) return
    const { clock } = this.#parts
    this.#askedAt = clock.monotonic()
    const late = clock.timeout(LIMITS.modelProbe.value)
    try {
      this.#listed = await listModels(this.definition, AbortSignal.any([stopped, late]))
      this.#status = 'ready'
      this.#problem = undefined
      this.#failures = 0
    } catch (error) {
      if (stopped.aborted) return
      this.#failed(late.aborted ? { code: 'ETIMEDOUT' } : error)
    }
  }

  #failed(cause: unknown): void {
    const { error } = modelFailure(cause, this.definition.name, this.#parts.clock.now())
    this.#failures += 1
    this.#problem = error
    // A server that lists nothing may serve well the models that somebody has named.
    const silent = error.code === 'MODEL_REJECTED' && this.definition.models.length > 0
    if (silent) this.#status = 'ready'
    else this.#status = error.code === 'MODEL_REFUSED' ? 'refused' : 'unreachable'
  }

  state(): ProviderState {
    const { name, baseUrl, source, origin, prices } = this.definition
    return {
      name,
      baseUrl,
      source,
      origin,
      prices,
      status: this.#status,
      ...(this.#problem && this.#status !== 'ready' && { problem: this.#problem }),
      models: this.#models()
    }
  }

  refs(): string[] {
    return this.#models().map((id) => `${this.definition.name}/${id}`)
  }

  lists(id: string): boolean {
    return this.#models().includes(id)
  }

  first(): Model | undefined {
    const [id] = this.#models()
    return id === undefined ? undefined : this.#model(id)
  }

  /** `undefined` for one that it surely does not have; while nothing is known any may be there. */
  model(id: string): Model | undefined {
    if (this.definition.problem !== undefined) return undefined
    const known = [...this.definition.models, ...this.#listed]
    if (known.length === 0 || known.includes(id)) return this.#model(id)
    // As Ollama has it: the tag of a model need not be said when it is this one.
    return known.includes(`${id}:latest`) ? this.#model(`${id}:latest`) : undefined
  }

  embedding(id: string): EmbeddingModel {
    return this.#parts.requests.embedding(id)
  }

  #model(id: string): Model {
    return this.#parts.requests.model(id, this.definition.prices.get(id))
  }

  #models(): readonly string[] {
    const { models, problem } = this.definition
    if (problem !== undefined) return []
    return models.length > 0 ? models : this.#listed.filter((id) => isConversational(id))
  }
}

function isLocal(baseUrl: string): boolean {
  return /^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(baseUrl).hostname)
}
