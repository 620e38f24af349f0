/** The models that a node can use now: its providers come and go, and are asked what they have. */
import { EventEmitter } from 'node:events'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import type { EmbeddingModel, Model, Models } from './model.ts'
import { createModelProvider } from './openai-provider.ts'
import type { ModelTransport } from './transport.ts'
import { createModelTransport } from './transport.ts'
import type { ProviderDefinition, ProviderState } from './watched-provider.ts'
import { WatchedProvider } from './watched-provider.ts'

export interface ModelCatalogueComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

export interface ModelCatalogueEvents {
  /** Other models than before, or another default. */
  changed: []
}

/** From its start on it asks the providers, in the background. */
export interface ModelCatalogue extends Models, Component {
  readonly events: EventEmitter<ModelCatalogueEvents>
  /** In the order in which they are thought of when nothing is said. */
  providers(): readonly ProviderState[]
  /** Replaces all; what is asked of one that goes is answered to its end. */
  assign(definitions: readonly ProviderDefinition[]): void
  /** Names of models; empty: the first that there is. */
  setDefaults(names: readonly string[]): void
  /** A name of a model, or none. */
  setEmbedding(name: string | undefined): void
  /** Asks a provider at once. Resolves when its state is known; never rejects for what it said. */
  ask(provider: string): Promise<ProviderState | undefined>
}

export function createModelCatalogue(components: ModelCatalogueComponents): ModelCatalogue {
  return new Catalogue(components)
}

/** Enough to recognise one's own mistake. */
const NAMED_IN_ERRORS = 12

class Catalogue implements ModelCatalogue {
  readonly events: ModelCatalogue['events'] = new EventEmitter()
  readonly #parts: ModelCatalogueComponents
  #providers: readonly WatchedProvider[] = []
  #defaults: readonly string[] = []
  #embedding: string | undefined
  #transport: Promise<ModelTransport> | undefined
  #told = ''
  #stopping = new AbortController()
  #rounds: Promise<void> | undefined

  constructor(parts: ModelCatalogueComponents) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    if (this.#rounds !== undefined) return
    this.#stopping = new AbortController()
    this.#rounds = this.#repeat(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#rounds
    this.#rounds = undefined
    const transport = await this.#transport
    this.#transport = undefined
    await transport?.close()
  }

  providers(): readonly ProviderState[] {
    return this.#visible().map((provider) => provider.state())
  }

  assign(definitions: readonly ProviderDefinition[]): void {
    const { clock, random } = this.#parts
    const transport = (): Promise<ModelTransport> =>
      (this.#transport ??= createModelTransport(clock))
    this.#providers = definitions.map(
      (definition) =>
        this.#providers.find((provider) => provider.definition === definition) ??
        new WatchedProvider(
          { clock, requests: createModelProvider({ clock, random, transport }, definition) },
          definition
        )
    )
    this.#changed()
    if (this.#rounds !== undefined) void this.#askDue(this.#stopping.signal)
  }

  setDefaults(names: readonly string[]): void {
    this.#defaults = names
    this.#changed()
  }

  setEmbedding(name: string | undefined): void {
    this.#embedding = name
  }

  async ask(name: string): Promise<ProviderState | undefined> {
    const provider = this.#providers.find(({ definition }) => definition.name === name)
    if (provider === undefined) return undefined
    await provider.ask(this.#stopping.signal)
    this.#changed()
    return provider.state()
  }

  get(name?: string): Model {
    const wanted = name ?? this.defaults()[0]
    if (wanted === undefined) throw new LumosError('MODEL_NONE')
    const found = this.#find(wanted)
    if (found !== undefined) return found
    const refs = this.#refs()
    if (refs.length === 0) throw new LumosError('MODEL_NONE')
    const more = refs.length - NAMED_IN_ERRORS
    const known = refs.slice(0, NAMED_IN_ERRORS).join(', ') + (more > 0 ? ` and ${more} more` : '')
    throw new LumosError('MODEL_UNKNOWN', { details: { model: wanted, known } })
  }

  defaults(): readonly string[] {
    return this.#defaults.length > 0 ? this.#defaults : this.#refs().slice(0, 1)
  }

  embedding(): EmbeddingModel | undefined {
    if (this.#embedding === undefined) return undefined
    const [name = '', ...rest] = this.#embedding.split('/')
    return this.#named(name)?.embedding(rest.join('/'))
  }

  /** `provider/model`, `provider`, or `model` when it is clear whose. */
  #find(wanted: string): Model | undefined {
    const [name = '', ...rest] = wanted.split('/')
    const provider = this.#named(name)
    const id = rest.join('/')
    if (provider !== undefined) return id === '' ? provider.first() : provider.model(id)
    const having = this.#visible().filter((each) => each.lists(wanted))
    return having.length === 1 ? having[0]?.model(wanted) : undefined
  }

  #named(name: string): WatchedProvider | undefined {
    return this.#visible().find(({ definition }) => definition.name === name)
  }

  #visible(): readonly WatchedProvider[] {
    return this.#providers.filter((provider) => provider.isVisible())
  }

  #refs(): readonly string[] {
    return this.#visible().flatMap((provider) => provider.refs())
  }

  /** Tells observers, unless nothing that they can see is different. */
  #changed(): void {
    const now = JSON.stringify([this.#refs(), this.#defaults])
    if (now === this.#told) return
    this.#told = now
    this.events.emit('changed')
  }

  async #repeat(stopped: AbortSignal): Promise<void> {
    do {
      // oxlint-disable-next-line no-await-in-loop -- rounds, not a batch
      await this.#askDue(stopped)
      // oxlint-disable-next-line no-await-in-loop
    } while (await this.#parts.clock.sleep(LIMITS.modelProbeEvery.value, stopped))
  }

  async #askDue(stopped: AbortSignal): Promise<void> {
    const due = this.#providers.filter((provider) => provider.isDue())
    await Promise.all(
      due.map(async (provider) => {
        const before = provider.state().status
        await provider.ask(stopped)
        const { status, name, problem } = provider.state()
        // A detected one that is not there is nothing to tell of.
        if (status !== before && provider.isVisible()) {
          this.#parts.logger.info('a provider of models', {
            provider: name,
            status,
            ...(problem && { code: problem.code })
          })
        }
        this.#changed()
      })
    )
  }
}
