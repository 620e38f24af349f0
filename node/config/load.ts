/** Joins flags, environment, file and defaults into one checked configuration. */
import { realpath } from 'node:fs/promises'
import type { ConfigValue } from '../../client/api.ts'
import { LumosError } from '../../core/errors.ts'
import type { Environment, NodePaths } from '../../core/paths.ts'
import { Secret } from '../../core/secret.ts'
import { readFileBounded } from '../../storage/atomic-file.ts'
import { readInvite } from '../../trust/invites/invite.ts'
import { configPath } from './config-path.ts'
import { invalid, readConfigFile } from './config-file.ts'
import { chosenSwarm } from './chosen-swarm.ts'
import { environmentLayer, JOIN_VARIABLE, SWARM_KEY_VARIABLE } from './environment.ts'
import { CONFIG_KEYS } from './keys.ts'
import type { Layer, LayerValue } from './layer.ts'
import { nodeConfigSchema, type NodeConfig } from './schema.ts'

export interface LoadInit {
  readonly env: Environment
  readonly paths: Pick<NodePaths, 'config'> & Partial<Pick<NodePaths, 'data'>>
  /** From `parseDaemonFlags`. */
  readonly flags?: Layer
  readonly workingDirectory: string
}

export interface LoadedConfig {
  readonly config: NodeConfig
  /** Every key with the value as it was written, and where it came from. */
  readonly values: readonly ConfigValue[]
  /** 64 hex digits, or `file:PATH`; `undefined` when the node shall find or make one. */
  readonly swarmKey: Secret<string> | undefined
  /** `lumos1_…`: the swarm to join before the start. */
  readonly invite: Secret<string> | undefined
}

/** Flag before environment before file before default. @throws CONFIG_INVALID */
export async function loadConfig(init: LoadInit): Promise<LoadedConfig> {
  const { env, flags, paths, workingDirectory } = init
  const file = await readConfigFile(configPath(paths))
  const variables = environmentLayer(env, workingDirectory)
  const invite = await inviteOf(env)
  const layers = [
    await swarmLayer(paths.data, invite),
    file.layer,
    variables,
    ...(flags === undefined ? [] : [flags])
  ]
  const given = mergeLayers(layers)
  const config = checkValues(
    given,
    layers.flatMap(({ problems }) => problems)
  )
  const key = swarmKeyOf(given, env)
  if (config.swarm.open && key !== undefined) {
    throw invalid(`an open swarm has no key, but there is one (${key.origin})`)
  }
  const values = describe(given)
  if (key !== undefined) values.push({ key: 'swarm.key', value: '[secret]', origin: key.origin })
  return { config, values, swarmKey: key?.secret, invite }
}

/** A node belongs to the swarm that it is just joining, or joined or made last. */
async function swarmLayer(
  dataDirectory: string | undefined,
  invite: Secret<string> | undefined
): Promise<Layer> {
  const joining = invite && (await readInvite(invite.reveal())).swarmName
  const chosen = dataDirectory === undefined ? undefined : await chosenSwarm(dataDirectory)
  const name = joining ?? chosen
  const origin = joining === undefined ? 'the swarm of this node' : 'invite'
  return {
    values: new Map(name === undefined ? [] : [['swarm.name', { value: name, origin }]]),
    problems: []
  }
}

/** Secrets are often mounted as symbolic links (Kubernetes), so here links are followed. */
async function inviteOf(env: Environment): Promise<Secret<string> | undefined> {
  const text = env[JOIN_VARIABLE]?.trim()
  if (!text) return undefined
  if (!text.startsWith('file:')) return new Secret(text)
  const path = text.slice('file:'.length)
  try {
    const file = await readFileBounded(await realpath(path), INVITE_FILE_BYTES)
    return new Secret(
      Buffer.from(file?.content ?? [])
        .toString()
        .trim()
    )
  } catch (cause) {
    const reason = `${path}: ${cause instanceof Error ? cause.message : String(cause)}`
    throw new LumosError('INVITE_DAMAGED', { cause, details: { reason } })
  }
}

/** Room for blanks around an invite. */
const INVITE_FILE_BYTES = 4096

/** Later layers win. */
function mergeLayers(layers: readonly Layer[]): ReadonlyMap<string, LayerValue> {
  return new Map(layers.flatMap(({ values }) => [...values]))
}

/** @throws CONFIG_INVALID that names every problem with its place */
export function checkValues(
  given: ReadonlyMap<string, LayerValue>,
  problems: readonly string[]
): NodeConfig {
  const result = nodeConfigSchema.safeParse(nested(given))
  const all = [...problems]
  for (const { path, message } of result.error?.issues ?? []) {
    const [key, origin] = placeOf(path, given)
    all.push(`${key}: ${message} (${origin})`)
  }
  if (result.data !== undefined && all.length === 0) return result.data
  throw invalid(all.join('; '))
}

function placeOf(
  path: readonly PropertyKey[],
  given: ReadonlyMap<string, LayerValue>
): [key: string, origin: string] {
  const words = path.map(String)
  for (let length = words.length; length > 0; length--) {
    const origin = given.get(words.slice(0, length).join('.'))?.origin
    if (origin !== undefined) return [words.join('.'), origin]
  }
  return [words.join('.'), 'default']
}

/** `a.b: 1` as `{ a: { b: 1 } }`. */
function nested(given: ReadonlyMap<string, LayerValue>): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const [key, { value }] of given) {
    const words = key.split('.')
    const last = words.pop() ?? ''
    let section = root
    for (const word of words) section = subsection(section, word)
    section[last] = value
  }
  return root
}

function subsection(section: Record<string, unknown>, word: string): Record<string, unknown> {
  const present = section[word]
  if (isRecord(present)) return present
  const made: Record<string, unknown> = {}
  section[word] = made
  return made
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function describe(given: ReadonlyMap<string, LayerValue>): ConfigValue[] {
  return Array.from(CONFIG_KEYS.values(), ({ key, fallback }) => {
    const { value, origin } = given.get(key) ?? { value: fallback ?? null, origin: 'default' }
    return { key, value, origin }
  })
}

/** The flag names a file, the environment may hold the key itself; the nearer source wins. */
function swarmKeyOf(
  given: ReadonlyMap<string, LayerValue>,
  env: Environment
): { readonly secret: Secret<string>; readonly origin: string } | undefined {
  const file = given.get('swarm.keyFile')
  const key = env[SWARM_KEY_VARIABLE]?.trim()
  if (key && file?.origin.startsWith('env ')) {
    const reason = `${SWARM_KEY_VARIABLE} and LUMOS_SWARM_KEY_FILE exclude each other`
    throw new LumosError('CONFIG_INVALID', { details: { reason } })
  }
  if (key && !file?.origin.startsWith('flag ')) {
    return { secret: new Secret(key), origin: `env ${SWARM_KEY_VARIABLE}` }
  }
  if (typeof file?.value !== 'string') return undefined
  return { secret: new Secret(`file:${file.value}`), origin: file.origin }
}
