/** Hands the secrets of a sealed space to its members, through anybody: each in an envelope for one author. */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hash,
  hkdfSync
} from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { LumosError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import { Secret } from '../../core/secret.ts'
import type { AuthorKey, MemoryId } from '../replica/record.ts'
import type { SharedSecret, Statement } from './statement.ts'

export interface Envelope {
  readonly space: MemoryId
  readonly author: AuthorKey
  /** Of the secret: 1 is the one that keys are sealed with. */
  readonly secret: number
}

const DOMAIN = 'lumos/seal/1 envelope'
/** Each envelope has a key of its own. */
const NONCE = Buffer.alloc(12)
const TAG_BYTES = 16
const KEY_BYTES = 32
/** RFC 8410: what comes before the 32 bytes of an X25519 key in DER. */
const PUBLIC_PREFIX = Buffer.from('302a300506032b656e032100', 'hex')
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex')

/**
 * What the owner says to give `content` to `author`.
 *
 * @throws SEAL_BROKEN for an author that is no key
 */
export function sealSecret(
  { random }: { readonly random: Random },
  envelope: Envelope,
  content: Secret<Uint8Array>
): SharedSecret {
  const once = privateKey(random.bytes(KEY_BYTES))
  const shown = rawPublic(once)
  const cipher = createCipheriv(
    'aes-256-gcm',
    keyOf(envelope, shown, agree(once, montgomery(envelope.author))),
    NONCE
  )
  cipher.setAAD(contextOf(envelope))
  const sealed = Buffer.concat([cipher.update(content.reveal()), cipher.final()])
  return {
    kind: 'secret',
    secret: envelope.secret,
    envelope: Buffer.concat([shown, sealed, cipher.getAuthTag()])
  }
}

/**
 * Opens an envelope with the seed of the author's Ed25519 key.
 *
 * @throws SEAL_BROKEN
 */
export function openSecret(
  seed: Secret<Uint8Array>,
  envelope: Envelope,
  sealed: Uint8Array
): Secret<Uint8Array> {
  const shown = sealed.subarray(0, KEY_BYTES)
  // RFC 8032, 5.1.5: this half of the hash is the scalar of an Ed25519 key, and so of its X25519 twin.
  const own = privateKey(hash('sha512', seed.reveal(), 'buffer').subarray(0, KEY_BYTES))
  const cipher = createDecipheriv(
    'aes-256-gcm',
    keyOf(envelope, shown, agree(own, publicKey(shown))),
    NONCE
  )
  cipher.setAAD(contextOf(envelope))
  cipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  const content = cipher.update(sealed.subarray(KEY_BYTES, -TAG_BYTES))
  try {
    return new Secret(new Uint8Array(Buffer.concat([content, cipher.final()])))
  } catch {
    throw broken()
  }
}

/** Secrets by their number. Those that nobody asks for are not opened: each takes a good part of a millisecond. */
export interface SpaceSecrets {
  /** Also of those that turn out not to open. */
  keys(): Iterable<number>
  get(number: number): Secret<Uint8Array> | undefined
}

/**
 * The secrets that `author` was given; of several for one number the last that opens. What was opened once
 * is known when there are more statements.
 */
export function createSecretReader(
  seed: Secret<Uint8Array>,
  { space, author }: Pick<Envelope, 'space' | 'author'>
): (statements: readonly Statement[]) => SpaceSecrets {
  let known = new Map<MemoryId, Secret<Uint8Array> | undefined>()

  function open({ id, secret, envelope }: Given): Secret<Uint8Array> | undefined {
    if (!known.has(id)) known.set(id, tryOpen(seed, { space, author, secret }, envelope))
    return known.get(id)
  }

  return (statements) => {
    const given = new Map<number, Given[]>()
    for (const statement of statements.toSorted((a, b) => b.number - a.number)) {
      if (statement.kind !== 'secret' || statement.author !== author) continue
      given.set(statement.secret, [...(given.get(statement.secret) ?? []), statement])
    }
    const ids = new Set(statements.map(({ id }) => id))
    known = new Map([...known].filter(([id]) => ids.has(id)))
    return {
      keys: () => given.keys(),
      get(number) {
        for (const one of given.get(number) ?? []) {
          const secret = open(one)
          if (secret !== undefined) return secret
        }
        return undefined
      }
    }
  }
}

type Given = Statement & SharedSecret

/** An owner may err: its next word counts. */
function tryOpen(
  seed: Secret<Uint8Array>,
  envelope: Envelope,
  sealed: Uint8Array
): Secret<Uint8Array> | undefined {
  try {
    return openSecret(seed, envelope, sealed)
  } catch {
    return undefined
  }
}

/** Number of the newest that opens; 0 without any. */
export function newestOf(secrets: SpaceSecrets): number {
  const numbers = [...secrets.keys()].toSorted((a, b) => b - a)
  return numbers.find((number) => secrets.get(number) !== undefined) ?? 0
}

function keyOf({ space, author }: Envelope, shown: Uint8Array, agreed: Buffer): Buffer {
  const info = Buffer.concat([Buffer.from(DOMAIN), shown, Buffer.from(author, 'hex')])
  return Buffer.from(hkdfSync('sha256', agreed, Buffer.from(space, 'hex'), info, KEY_BYTES))
}

function contextOf({ space, secret }: Envelope): Buffer {
  const number = Buffer.alloc(4)
  number.writeUInt32BE(secret)
  return Buffer.concat([Buffer.from(space, 'hex'), number])
}

function agree(own: KeyObject, other: KeyObject): Buffer {
  try {
    return diffieHellman({ privateKey: own, publicKey: other })
  } catch {
    // OpenSSL refuses points of low order: everybody would know what was agreed on.
    throw broken()
  }
}

const P = 2n ** 255n - 19n

/** The X25519 twin of an Ed25519 public key (RFC 7748, 4.1): u = (1 + y) / (1 - y). */
function montgomery(author: AuthorKey): KeyObject {
  const bytes = Buffer.from(author, 'hex')
  if (bytes.length !== KEY_BYTES) throw broken()
  const y = BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`) & (2n ** 255n - 1n)
  const u = ((1n + y) * power(P + 1n - (y % P), P - 2n)) % P
  const hex = u.toString(16).padStart(2 * KEY_BYTES, '0')
  return publicKey(Buffer.from(Buffer.from(hex, 'hex').toReversed()))
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = base % P
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % P
    square = (square * square) % P
  }
  return result
}

function publicKey(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, raw]), format: 'der', type: 'spki' })
}

function privateKey(raw: Uint8Array): KeyObject {
  return createPrivateKey({
    key: Buffer.concat([PRIVATE_PREFIX, raw]),
    format: 'der',
    type: 'pkcs8'
  })
}

function rawPublic(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_PREFIX.length)
}

function broken(): LumosError {
  return new LumosError('SEAL_BROKEN')
}
