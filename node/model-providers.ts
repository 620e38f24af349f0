/** Which providers of models there are for this node: written down, given by hand, or found. */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { PRESETS } from '../agents/models/presets.ts'
import { isBaseUrl } from '../agents/models/provider-rules.ts'
import type { ProviderDefinition } from '../agents/models/watched-provider.ts'
import { LumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Environment } from '../core/paths.ts'
import { Secret } from '../core/secret.ts'
import { errnoText } from '../storage/private-directory.ts'
import type { ProviderConfig } from './config/models-section.ts'

/** What is in the node's own file about a provider; its key is in the file of secrets. */
export interface AddedProvider {
  readonly name: string
  readonly baseUrl: string
  readonly models: readonly string[]
}

interface Key {
  readonly key?: Secret<string>
  readonly source: string
  readonly reason?: string
}

export async function configuredProvider(
  name: string,
  config: ProviderConfig,
  env: Environment
): Promise<ProviderDefinition> {
  const baseUrl = config.baseUrl ?? PRESETS[name]?.baseUrl ?? ''
  const found = await configuredKey(name, config, env)
  const reason = baseUrl === '' ? 'it needs a baseUrl' : found.reason
  return definition(
    { name, baseUrl, models: config.models },
    {
      ...found,
      ...(reason !== undefined && { reason }),
      origin: 'config',
      prices: new Map(Object.entries(config.price)),
      ...(config.concurrency !== undefined && { concurrency: config.concurrency })
    }
  )
}

/** @param secret from the file of secrets */
export function addedProvider(
  added: AddedProvider,
  secret: Secret<string> | undefined,
  env: Environment
): ProviderDefinition {
  const key = secret === undefined ? usualKey(added, env) : { key: secret, source: 'secrets file' }
  return definition(added, { ...key, origin: 'added' })
}

/** What OpenAI's own tools would use here. */
export function openAiFromEnvironment(env: Environment): ProviderDefinition | undefined {
  const key = env['OPENAI_API_KEY']?.trim()
  const url = env['OPENAI_BASE_URL']?.trim()
  const model = env['OPENAI_MODEL']?.trim()
  if (!key && !url) return undefined
  const usable = !url || isBaseUrl(url)
  return definition(
    {
      name: 'openai',
      baseUrl: url && usable ? url : (PRESETS['openai']?.baseUrl ?? ''),
      models: model ? [model] : []
    },
    {
      origin: 'found',
      source: key ? 'env OPENAI_API_KEY' : 'env OPENAI_BASE_URL',
      ...(key && { key: new Secret(key) }),
      // The key must not go elsewhere than it was meant to.
      ...(!usable && { reason: 'OPENAI_BASE_URL is no URL, or holds credentials' })
    }
  )
}

/** Ollama where its own client would look for it. */
export function ollamaOnThisHost(env: Environment): ProviderDefinition | undefined {
  const baseUrl = ollamaUrl(env['OLLAMA_HOST']?.trim() ?? '')
  if (baseUrl === undefined) return undefined
  const source = env['OLLAMA_HOST'] ? 'env OLLAMA_HOST' : 'detected'
  return definition(
    { name: 'ollama', baseUrl, models: [] },
    { origin: 'found', source, detected: true }
  )
}

/** `host`, `host:port`, `:port` or a URL; where a server listens everywhere it is also here. */
export function ollamaUrl(host: string): string | undefined {
  const hasScheme = /^https?:\/\//.test(host)
  const bare = host.startsWith(':') ? `127.0.0.1${host}` : host || '127.0.0.1'
  const text = hasScheme ? host : `http://${bare}`
  if (!isBaseUrl(text)) return undefined
  const url = new URL(text)
  // With a scheme its own port is meant, else Ollama's.
  if (!hasScheme && !/:\d+\/?$/.test(bare)) url.port = '11434'
  if (/^(0\.0\.0\.0|\[::\])$/.test(url.hostname)) url.hostname = '127.0.0.1'
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}/v1`
}

type Rest = Key & Pick<ProviderDefinition, 'origin'> & Partial<ProviderDefinition>

function definition(
  { name, baseUrl, models }: AddedProvider,
  { key, ...rest }: Rest
): ProviderDefinition {
  const preset = PRESETS[name]
  const usable = key === undefined || isKey(key.reveal())
  const { reason = usable ? undefined : 'its key is not one line of text', ...more } = rest
  const { listing } = preset ?? {}
  return {
    name,
    baseUrl,
    models,
    prices: new Map(),
    detected: false,
    concurrency: preset?.concurrency ?? LIMITS.modelConcurrency.value,
    ...(listing && baseUrl === preset?.baseUrl && { listing }),
    ...more,
    ...(usable && key && { key }),
    ...(reason !== undefined && {
      problem: new LumosError('MODEL_PROVIDER_INVALID', { details: { provider: name, reason } })
    })
  }
}

async function configuredKey(
  name: string,
  { apiKey, baseUrl }: ProviderConfig,
  env: Environment
): Promise<Key> {
  if (apiKey === undefined) {
    const key = usualKey({ name, baseUrl: baseUrl ?? PRESETS[name]?.baseUrl ?? '' }, env)
    return key.key === undefined ? { ...key, source: 'config' } : key
  }
  if (apiKey.startsWith('env:')) {
    const variable = apiKey.slice('env:'.length)
    const value = env[variable]?.trim()
    const source = `env ${variable}`
    return value
      ? { key: new Secret(value), source }
      : { source, reason: `the node has no variable ${variable}` }
  }
  return keyOfFile(apiKey.slice('file:'.length))
}

/** The variable that the provider's own tools use: for its own servers only. */
function usualKey(
  { name, baseUrl }: Pick<AddedProvider, 'name' | 'baseUrl'>,
  env: Environment
): Key {
  const preset = PRESETS[name]
  if (preset?.keyVariable === undefined || preset.baseUrl !== baseUrl) return { source: 'no key' }
  const variable = preset.keyVariable
  const value = env[variable]?.trim()
  return value
    ? { key: new Secret(value), source: `env ${variable}` }
    : { source: 'no key', reason: `it has no key: neither ${variable} nor one of its own` }
}

async function keyOfFile(path: string): Promise<Key> {
  const absolute = path.startsWith('~/') ? join(homedir(), path.slice(2)) : path
  const source = `file ${path}`
  try {
    return { key: new Secret((await readFile(absolute, 'utf8')).trim()), source }
  } catch (error) {
    return { source, reason: `${path} cannot be read: ${errnoText(error)}` }
  }
}

/** What fits into an HTTP header. */
export function isKey(text: string): boolean {
  return text.length <= LIMITS.modelKeyBytes.value && /^[\x21-\x7e]+$/.test(text)
}
