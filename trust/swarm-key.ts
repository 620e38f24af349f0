/** The 32 bytes that keep strangers out of a swarm: how they are written down, checked and handed to libp2p. */
import { realpath } from 'node:fs/promises'
import { LumosError } from '../core/errors.ts'
import { createFileAtomic, readFileBounded } from '../storage/atomic-file.ts'
import { errnoText } from '../storage/private-directory.ts'

export const SWARM_KEY_BYTES = 32

/** 64 digits, and room for the blanks that editors and secret stores add. */
const KEY_FILE_BYTES = 256

const FILE_PREFIX = 'file:'

/**
 * A key as people configure it: 64 hex digits, or `file:PATH` of a file with them.
 *
 * @throws SWARM_KEY_INVALID; what was wrong, never what was read
 */
export async function parseSwarmKey(source: string): Promise<Uint8Array> {
  if (!source.startsWith(FILE_PREFIX)) return decode(source)
  const path = source.slice(FILE_PREFIX.length)
  let file
  try {
    file = await readSecretFile(path)
  } catch (cause) {
    throw invalid(`${path}: ${errnoText(cause)}`, cause)
  }
  return decode(file, path)
}

/**
 * The key that a node of this OS user wrote to `path`; `undefined` when there is none.
 *
 * @throws SWARM_KEY_INVALID when the file is damaged or was put there by somebody else
 */
export async function readKeyFile(path: string): Promise<Uint8Array | undefined> {
  let file
  try {
    file = await readFileBounded(path, KEY_FILE_BYTES)
  } catch (cause) {
    throw invalid(`${path}: ${errnoText(cause)}`, cause)
  }
  if (file === undefined) return undefined
  if (process.getuid !== undefined && file.uid !== process.getuid()) {
    throw invalid(`${path} belongs to another user`)
  }
  return decode(Buffer.from(file.content).toString(), path)
}

/** Writes `key` to `path` (0600) unless the file exists; true when it was written. */
export async function createKeyFile(path: string, key: Uint8Array): Promise<boolean> {
  try {
    return await createFileAtomic(path, `${Buffer.from(key).toString('hex')}\n`)
  } catch (cause) {
    throw new LumosError('HOME_UNUSABLE', { cause, details: { path, reason: errnoText(cause) } })
  }
}

/** The key in the form that `@libp2p/pnet` and other libp2p implementations read: 95 bytes of text. */
export function preSharedKey(key: Uint8Array): Uint8Array {
  const digits = Buffer.from(key).toString('hex')
  return new Uint8Array(Buffer.from(`/key/swarm/psk/1.0.0/\n/base16/\n${digits}`))
}

/** Secrets are often mounted as symbolic links (Kubernetes), so here links are followed. */
async function readSecretFile(path: string): Promise<string> {
  const file = await readFileBounded(await realpath(path), KEY_FILE_BYTES)
  if (file === undefined) throw new Error('there is no such file')
  return Buffer.from(file.content).toString()
}

function decode(text: string, path?: string): Uint8Array {
  const where = path === undefined ? '' : `${path}: `
  const digits = text.trim()
  if (!/^[0-9a-fA-F]*$/.test(digits)) throw invalid(`${where}it holds more than hex digits`)
  if (digits.length !== 2 * SWARM_KEY_BYTES) {
    throw invalid(`${where}it has ${digits.length} digits, not ${2 * SWARM_KEY_BYTES}`)
  }
  const key = new Uint8Array(Buffer.from(digits, 'hex'))
  // `0000…` and its like are placeholders that somebody forgot to replace.
  if (key.every((byte) => byte === key[0])) throw invalid(`${where}all its bytes are equal`)
  return key
}

function invalid(reason: string, cause?: unknown): LumosError {
  return new LumosError('SWARM_KEY_INVALID', { cause, details: { reason } })
}
