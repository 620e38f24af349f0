/** Ed25519 through node:crypto, the only part of shared memory that knows how signatures are made. */
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { LIMITS } from '../../core/limits.ts'
import type { Secret } from '../../core/secret.ts'
import type { AuthorKey, Sign } from './record.ts'

export interface Signer {
  readonly author: AuthorKey
  /** 64 bytes over `message`; the same each time. */
  readonly sign: Sign
}

/**
 * Whether `signature` is the author's over `message`. Resolves false for an author that is no key.
 */
export type Verify = (
  author: AuthorKey,
  message: Uint8Array,
  signature: Uint8Array
) => Promise<boolean>

/** RFC 8410: what comes before the 32 bytes of a public key, and of a seed, in DER. */
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** @param seed the 32 bytes that an Ed25519 private key is made of */
export function createSigner(seed: Secret<Uint8Array>): Signer {
  const key = createPrivateKey({
    key: Buffer.concat([PRIVATE_PREFIX, seed.reveal()]),
    format: 'der',
    type: 'pkcs8'
  })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    author: spki.subarray(PUBLIC_PREFIX.length).toString('hex'),
    // In this thread: 46 µs (measured), less than what a hop to another one costs.
    sign: (message) => sign(null, message, key)
  }
}

/**
 * Verifies in libuv's threads: at 132 µs a signature the loop would do nothing else while a peer
 * sends its records. Importing a key costs as much again, so that those of recent authors are kept.
 */
export function createVerifier(): Verify {
  const keys = new Map<AuthorKey, KeyObject>()

  function keyOf(author: AuthorKey): KeyObject {
    const known = keys.get(author)
    if (known !== undefined) return known
    const key = createPublicKey({
      key: Buffer.concat([PUBLIC_PREFIX, Buffer.from(author, 'hex')]),
      format: 'der',
      type: 'spki'
    })
    if (keys.size >= LIMITS.memoryWriters.value) keys.clear()
    keys.set(author, key)
    return key
  }

  return (author, message, signature) =>
    new Promise((resolve) => {
      let key
      try {
        key = keyOf(author)
      } catch {
        resolve(false)
        return
      }
      verify(null, message, key, signature, (error, valid) => resolve(error === null && valid))
    })
}
