/** Joins the language models of a node: from its configuration, its environment, its own files, and this host. */
import { join } from 'node:path'
import { z } from 'zod'
import type { ModelCatalogue } from '../agents/models/catalogue.ts'
import { createModelCatalogue } from '../agents/models/catalogue.ts'
import type { Models } from '../agents/models/model.ts'
import { PRESETS } from '../agents/models/presets.ts'
import { isBaseUrl, isProviderName } from '../agents/models/provider-rules.ts'
import type { ProviderDefinition, ProviderState } from '../agents/models/watched-provider.ts'
import type { Component } from '../core/component.ts'
import { LumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Environment } from '../core/paths.ts'
import type { Secret } from '../core/secret.ts'
import { createJsonFile } from '../storage/json-file.ts'
import type { JsonFile } from '../storage/json-file.ts'
import type { NodeConfig } from './config/schema.ts'
import type { Secrets } from './secrets.ts'
import { openSecrets } from './secrets.ts'
import type { NodeComponents } from './wire.ts'
import type { AddedProvider } from './model-providers.ts'
import {
  addedProvider,
  configuredProvider,
  isKey,
  ollamaOnThisHost,
  openAiFromEnvironment
} from './model-providers.ts'

export interface NodeModelsInit {
  readonly config: NodeConfig['models']
  /** Where keys may be; without it nothing is looked for. */
  readonly env: Environment
  readonly dataDirectory: string
}

export interface NewProvider {
  readonly name: string
  /** Needed for a name that is no preset. */
  readonly baseUrl?: string
  /** Without it the one that is known already, or that the usual variable holds. */
  readonly key?: Secret<string>
  readonly models?: readonly string[]
}

/** Asks providers from its start on. What changes is kept for the next start. */
export interface NodeModels
  extends Models, Component, Pick<ModelCatalogue, 'events' | 'providers' | 'ask'> {
  /**
   * Adds a provider, or replaces one that was added; resolves when it was asked.
   *
   * @throws MODEL_PROVIDER_INVALID, MODEL_CONFIGURED
   */
  add(provider: NewProvider): Promise<ProviderState>
  /**
   * Forgets a provider that was added, and its key.
   *
   * @throws MODEL_PROVIDER_UNKNOWN, MODEL_CONFIGURED
   */
  remove(name: string): Promise<void>
  /**
   * Empty: the first model that there is.
   *
   * @throws MODEL_UNKNOWN, MODEL_NONE, MODEL_CONFIGURED
   */
  setDefaults(names: readonly string[]): Promise<void>
}

const document = z.strictObject({
  v: z.literal(1),
  default: z.array(z.string()),
  providers: z.array(
    z.strictObject({ name: z.string(), baseUrl: z.string(), models: z.array(z.string()) })
  )
})

const FILE_BYTES = 1024 * 1024

/** Name of a provider's key in the file of secrets. */
const secretName = (provider: string): string => `model:${provider}`

export async function createNodeModels(
  { clock, random, logger }: NodeComponents,
  init: NodeModelsInit
): Promise<NodeModels> {
  const log = logger.child('models')
  const catalogue = createModelCatalogue({ clock, random, logger: log })
  const secrets = await openSecrets({ logger: log }, init)
  const configured = await Promise.all(
    Object.entries(init.config.providers).map(([name, config]) =>
      configuredProvider(name, config, init.env)
    )
  )
  const file = createJsonFile<Kept>({
    path: join(init.dataDirectory, 'models.json'),
    maxBytes: FILE_BYTES,
    parse: (value) => document.parse(value)
  })
  const kept = await file.read((damaged) => {
    log.error('it is not known which models were added', { ...damaged })
    return NONE
  })
  const parts = { catalogue, secrets, configured, file }
  const models = new KeptModels(parts, { ...init, kept: kept ?? NONE })
  const { events } = catalogue
  return {
    events,
    start: () => catalogue.start(),
    stop: () => catalogue.stop(),
    providers: () => catalogue.providers(),
    ask: (provider) => catalogue.ask(provider),
    get: (name) => catalogue.get(name),
    defaults: () => catalogue.defaults(),
    embedding: () => catalogue.embedding(),
    add: (provider) => models.add(provider),
    remove: (name) => models.remove(name),
    setDefaults: (names) => models.setDefaults(names)
  }
}

interface Kept {
  readonly v: 1
  readonly default: readonly string[]
  readonly providers: readonly AddedProvider[]
}

const NONE: Kept = { v: 1, default: [], providers: [] }

interface KeptParts {
  readonly catalogue: ModelCatalogue
  readonly secrets: Secrets
  readonly configured: readonly ProviderDefinition[]
  readonly file: Pick<JsonFile<Kept>, 'write'>
}

class KeptModels {
  readonly #parts: KeptParts
  readonly #init: NodeModelsInit
  readonly #found: readonly ProviderDefinition[]
  readonly #added = new Map<string, AddedProvider>()
  /** Made once each, so that those that stay are not asked anew. */
  readonly #definitions = new Map<string, ProviderDefinition>()
  #defaults: readonly string[]

  constructor(parts: KeptParts, { kept, ...init }: NodeModelsInit & { readonly kept: Kept }) {
    this.#parts = parts
    this.#init = init
    this.#defaults = kept.default
    for (const each of kept.providers) if (isBaseUrl(each.baseUrl)) this.#put(each)
    const { config, env } = init
    this.#found = config.detect
      ? [openAiFromEnvironment(env), ollamaOnThisHost(env)].filter((each) => each !== undefined)
      : []
    parts.catalogue.setEmbedding(config.embedding)
    this.#tell()
  }

  async add({ name, baseUrl, key, models = [] }: NewProvider): Promise<ProviderState> {
    this.#refuseConfigured(name)
    const url = baseUrl ?? this.#added.get(name)?.baseUrl ?? PRESETS[name]?.baseUrl
    const reason = this.#objection(name, url, key)
    if (reason !== undefined || url === undefined) throw invalid(name, reason ?? 'it has no URL')
    if (key !== undefined) await this.#parts.secrets.set(secretName(name), key)
    this.#put({ name, baseUrl: url, models })
    this.#tell()
    await this.#write()
    const state = await this.#parts.catalogue.ask(name)
    if (state === undefined) throw unknown(name)
    return state
  }

  async remove(name: string): Promise<void> {
    this.#refuseConfigured(name)
    if (!this.#added.delete(name)) {
      const found = this.#parts.catalogue.providers().find((each) => each.name === name)
      if (found === undefined) throw unknown(name)
      throw fixed(`the provider "${name}"`, found.source)
    }
    this.#definitions.delete(name)
    this.#defaults = this.#defaults.filter((ref) => ref !== name && !ref.startsWith(`${name}/`))
    this.#tell()
    await this.#write()
    await this.#parts.secrets.set(secretName(name), undefined)
  }

  async setDefaults(names: readonly string[]): Promise<void> {
    if (this.#init.config.default.length > 0) throw fixed('the default', 'models.default')
    this.#defaults = names.map((name) => this.#parts.catalogue.get(name).ref)
    this.#tell()
    await this.#write()
  }

  #put(added: AddedProvider): void {
    const { name } = added
    this.#added.set(name, added)
    const secret = this.#parts.secrets.get(secretName(name))
    this.#definitions.set(name, addedProvider(added, secret, this.#init.env))
  }

  /** What was written down comes before what was given by hand, and that before what was found. */
  #tell(): void {
    const byName = new Map<string, ProviderDefinition>()
    const all = [...this.#parts.configured, ...this.#definitions.values(), ...this.#found]
    for (const each of all) if (!byName.has(each.name)) byName.set(each.name, each)
    const { config } = this.#init
    this.#parts.catalogue.assign([...byName.values()])
    this.#parts.catalogue.setDefaults(config.default.length > 0 ? config.default : this.#defaults)
  }

  #objection(
    name: string,
    url: string | undefined,
    key: Secret<string> | undefined
  ): string | undefined {
    if (!isProviderName(name)) return 'a name has up to 32 lower case letters, digits and dashes'
    if (url === undefined) {
      return `it needs a URL: --base-url; known by name are ${Object.keys(PRESETS).join(', ')}`
    }
    if (!isBaseUrl(url)) return 'its URL must be like https://host/v1, without credentials'
    if (key !== undefined && !isKey(key.reveal())) return 'a key is one line of text without spaces'
    const most = LIMITS.modelProviders.value
    return this.#added.size >= most && !this.#added.has(name)
      ? `there are ${most} already`
      : undefined
  }

  #refuseConfigured(name: string): void {
    if (this.#parts.configured.some((each) => each.name === name)) {
      throw fixed(`the provider "${name}"`, 'the configuration')
    }
  }

  #write(): Promise<void> {
    const providers = [...this.#added.values()]
    return this.#parts.file.write({ v: 1, default: this.#defaults, providers })
  }
}

function invalid(provider: string, reason: string): LumosError {
  return new LumosError('MODEL_PROVIDER_INVALID', { details: { provider, reason } })
}

function unknown(provider: string): LumosError {
  return new LumosError('MODEL_PROVIDER_UNKNOWN', { details: { provider } })
}

function fixed(what: string, source: string): LumosError {
  return new LumosError('MODEL_CONFIGURED', { details: { what, source } })
}
