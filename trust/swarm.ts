/** Which swarm a node belongs to: a name, and the key that keeps strangers out. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { LumosError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Random } from '../core/random.ts'
import { Secret } from '../core/secret.ts'
import { ensurePrivateDirectory } from '../storage/private-directory.ts'
import { isLabel } from './node-name.ts'
import { createKeyFile, parseSwarmKey, readKeyFile, SWARM_KEY_BYTES } from './swarm-key.ts'

export interface Swarm {
  readonly name: string
  /** 16 hex digits; tells swarms apart and betrays nothing about the key. */
  readonly id: string
  /** `undefined` in an open swarm. */
  readonly key: Secret<Uint8Array> | undefined
}

export type KeyOrigin = 'given' | 'data' | 'same-host' | 'generated' | 'open'

export interface ResolvedSwarm extends Swarm {
  readonly origin: KeyOrigin
}

export interface SwarmInit {
  /** Lower case letters, digits and dashes. */
  readonly name: string
  /** A swarm without a key: everybody on the network can take part. */
  readonly open?: boolean
  /** From the configuration: 64 hex digits, or `file:PATH`. */
  readonly key?: Secret<string> | undefined
  readonly dataDirectory: string
  /** Shared by all nodes of one OS user; `undefined` keeps to oneself (`--no-same-host`). */
  readonly runtimeDirectory: string | undefined
}

export interface SwarmComponents {
  readonly random: Random
  readonly logger: Logger
}

/**
 * Finds or makes the key of swarm `name`: the configured one, else this node's, else the one that
 * another node of the same OS user published on this host, else a new one. The key is then kept in
 * the data directory and published for further nodes of this user. Nodes that start at the same
 * moment end with the same key: the first to create the published file decides.
 *
 * @throws SWARM_KEY_INVALID, HOME_UNUSABLE; TypeError for a name that is none
 */
export async function resolveSwarm(
  { random, logger }: SwarmComponents,
  init: SwarmInit
): Promise<ResolvedSwarm> {
  const { name, open = false } = init
  if (!isLabel(name)) throw new TypeError(`swarm name "${name}" is not a label`)
  if (open) return { name, id: swarmId('open', Buffer.from(name)), key: undefined, origin: 'open' }
  await ensurePrivateDirectory(init.dataDirectory)
  if (init.runtimeDirectory !== undefined) await ensurePrivateDirectory(init.runtimeDirectory)
  const kept = join(init.dataDirectory, keyFileName(name))
  const published = init.runtimeDirectory && join(init.runtimeDirectory, keyFileName(name))

  const { key, origin } =
    (await configured(init.key)) ??
    (await existing(kept, 'data')) ??
    (published === undefined ? undefined : await existing(published, 'same-host')) ??
    (await generate(random, published ?? kept))

  const own = await share(kept, key)
  if (!own) logger.warn('the given swarm key is not the stored one', { swarm: name, path: kept })
  if (published !== undefined && !(await share(published, key))) {
    logger.warn('another swarm of this name runs on this host', { swarm: name, path: published })
  }
  return { name, id: swarmId('key', key), key: new Secret(key), origin }
}

/** In the data directory and in the runtime directory. */
export function keyFileName(swarm: string): string {
  return `swarm-${swarm}.key`
}

interface Found {
  readonly key: Uint8Array
  readonly origin: KeyOrigin
}

async function configured(source: Secret<string> | undefined): Promise<Found | undefined> {
  if (source === undefined) return undefined
  return { key: await parseSwarmKey(source.reveal()), origin: 'given' }
}

async function existing(path: string, origin: KeyOrigin): Promise<Found | undefined> {
  const key = await readKeyFile(path)
  return key && { key, origin }
}

async function generate(random: Random, path: string): Promise<Found> {
  const key = random.bytes(SWARM_KEY_BYTES)
  if (await createKeyFile(path, key)) return { key, origin: 'generated' }
  const winner = await readKeyFile(path)
  if (winner === undefined) {
    throw new LumosError('SWARM_KEY_INVALID', { details: { reason: `${path} vanished` } })
  }
  return { key: winner, origin: 'same-host' }
}

/** Puts the key at `path` unless one is there; false when that one is another. Never overwrites. */
async function share(path: string, key: Uint8Array): Promise<boolean> {
  if (await createKeyFile(path, key)) return true
  const present = await readKeyFile(path)
  return present !== undefined && Buffer.compare(present, key) === 0
}

/** The id that a swarm has from its first key on. */
export function swarmIdOf(key: Secret<Uint8Array>): string {
  return swarmId('key', key.reveal())
}

/** Domains keep the id of a key apart from any other hash of it, and open swarms from closed ones. */
function swarmId(domain: 'key' | 'open', material: Uint8Array): string {
  return createHash('sha256')
    .update(`lumos:swarm:1:${domain}\0`)
    .update(material)
    .digest('hex')
    .slice(0, 16)
}
