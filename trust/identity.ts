/** The node's key: who it is to every peer, for as long as the file lives. */
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { Logger } from '../core/logger.ts'
import { Secret } from '../core/secret.ts'
import { createFileAtomic, readFileBounded } from '../storage/atomic-file.ts'
import { ensurePrivateDirectory, errnoText } from '../storage/private-directory.ts'
import { readPassphrase } from './passphrase.ts'
import { openKey, parseSealedKey } from './sealed-key.ts'
import type { SealedKey } from './sealed-key.ts'

export interface Identity {
  readonly peer: PeerIdText
  readonly privateKey: Secret<Ed25519PrivateKey>
  /** An Ed25519 signature (64 bytes). */
  sign(bytes: Uint8Array): Promise<Uint8Array>
}

/** In the node's data directory. */
export const KEY_FILE = 'node.key'

/** The key that comes after it, while it is being changed. */
export const NEXT_KEY_FILE = 'node.key.next'

/** A key takes 92 characters in base64, behind a passphrase some 350; the rest is room for blanks. */
const KEY_FILE_BYTES = 1024

export interface PassphraseInit {
  readonly passphraseFile?: string
  /** Known already: no file is read. */
  readonly passphrase?: Secret<string> | undefined
}

/**
 * The identity kept in `directory`, made at the first call. Of several processes that call at once
 * on an empty directory, all get the same key.
 *
 * @throws IDENTITY_INVALID, HOME_UNUSABLE, KEY_LOCKED, KEY_PASSPHRASE, KEY_ROTATING
 */
export async function loadOrCreateIdentity(
  directory: string,
  logger: Logger,
  init: PassphraseInit = {}
): Promise<Identity> {
  await ensurePrivateDirectory(directory)
  await requireWhole(directory)
  const path = join(directory, KEY_FILE)
  const read = (): Promise<Ed25519PrivateKey | undefined> => readKey(path, logger, init)
  const known = await read()
  if (known !== undefined) return identityOf(known)
  const fresh = await generateKeyPair('Ed25519')
  const content = plainKeyText(fresh)
  try {
    if (await createFileAtomic(path, content)) return identityOf(fresh)
  } catch (cause) {
    const details = { path: directory, reason: errnoText(cause) }
    throw new LumosError('HOME_UNUSABLE', { cause, details })
  }
  const winner = await read()
  if (winner === undefined) throw invalid(path, 'it vanished while it was read')
  return identityOf(winner)
}

/** The identity of a key that is already in memory. */
export function identityOf(key: Ed25519PrivateKey): Identity {
  return {
    peer: key.publicKey.toString(),
    privateKey: new Secret(key),
    sign: async (bytes) => key.sign(bytes)
  }
}

/** What the key file holds when there is no passphrase. */
export function plainKeyText(key: Ed25519PrivateKey): string {
  return `${Buffer.from(privateKeyToProtobuf(key)).toString('base64')}\n`
}

/** @param path is for errors */
export function parsePlainKey(path: string, text: string): Ed25519PrivateKey {
  return parseKey(path, Buffer.from(text.trim(), 'base64'))
}

/** @throws IDENTITY_INVALID when it is another key than it says, KEY_PASSPHRASE */
export async function openSealedKey(
  path: string,
  sealed: SealedKey,
  passphrase: Secret<string>
): Promise<Ed25519PrivateKey> {
  const key = parseKey(path, await openKey(sealed, passphrase))
  if (key.publicKey.toString() === sealed.peer) return key
  throw invalid(path, 'it holds another key than it says')
}

/** Half of the swarms may know the next key, and half the last. @throws KEY_ROTATING */
export async function requireWhole(directory: string): Promise<void> {
  const next = await readFileBounded(join(directory, NEXT_KEY_FILE), KEY_FILE_BYTES)
  if (next !== undefined) throw new LumosError('KEY_ROTATING')
}

async function readKey(
  path: string,
  logger: Logger,
  { passphraseFile, passphrase }: PassphraseInit
): Promise<Ed25519PrivateKey | undefined> {
  let file
  try {
    file = await readFileBounded(path, KEY_FILE_BYTES)
  } catch (cause) {
    throw invalid(path, errnoText(cause), cause)
  }
  if (file === undefined) return undefined
  if ((file.mode & 0o077) !== 0) await narrow(path, logger)
  const text = Buffer.from(file.content).toString()
  const sealed = parseSealedKey(text)
  if (sealed === undefined) return parsePlainKey(path, text)
  if (passphrase !== undefined) return openSealedKey(path, sealed, passphrase)
  if (passphraseFile === undefined) {
    throw new LumosError('KEY_LOCKED', { details: { reason: 'no passphrase was given' } })
  }
  return openSealedKey(path, sealed, await readPassphrase(passphraseFile))
}

async function narrow(path: string, logger: Logger): Promise<void> {
  logger.warn('other users could read the node key; its rights are now 0600', { path })
  try {
    await chmod(path, 0o600)
  } catch (cause) {
    throw invalid(path, 'other users can read it, and its rights cannot be changed', cause)
  }
}

function parseKey(path: string, bytes: Uint8Array): Ed25519PrivateKey {
  let key
  try {
    key = privateKeyFromProtobuf(bytes)
  } catch {
    // No cause: a decoder's message may quote key bytes, and errors end up in logs.
    throw invalid(path, 'it holds no libp2p key')
  }
  if (key.type !== 'Ed25519') throw invalid(path, `it holds a ${key.type} key, not Ed25519`)
  return key
}

function invalid(path: string, reason: string, cause?: unknown): LumosError {
  return new LumosError('IDENTITY_INVALID', { cause, details: { path, reason } })
}
