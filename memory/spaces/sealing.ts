/** Encrypts keys and values of private spaces, so that whoever stores or relays them learns neither. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto'
import { LumosError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import type { Secret } from '../../core/secret.ts'
import type { MemoryId } from '../replica/record.ts'
import { newestOf } from './space-secrets.ts'
import type { SpaceSecrets } from './space-secrets.ts'

/**
 * Segments of keys are sealed one by one, so that prefixes stay prefixes: grants and listing work on
 * sealed keys. Equal segments below equal prefixes look equal; order within a level is lost.
 */
export interface Seal {
  /** What its members know the space by where others listen; always the same. */
  readonly alias: string
  /** `a/b` with every segment sealed; a first segment that names a corner (`~author`) is left. */
  sealKey(key: string): string
  /** @throws SEAL_BROKEN */
  openKey(sealed: string): string
  /** @param sealedKey where the value is to be: it opens nowhere else */
  sealValue(sealedKey: string, value: Uint8Array): Uint8Array
  /** @throws SEAL_BROKEN also when this node lacks the secret */
  openValue(sealedKey: string, sealed: Uint8Array): Uint8Array
}

export interface SealInit {
  readonly space: MemoryId
  /**
   * Secrets of 32 bytes by their number, from 1. Keys of records are sealed with the first, always,
   * or one key would become two; values with the last, so that a removed member reads no new ones.
   */
  readonly secrets: SpaceSecrets
}

/** What sealing adds to a value: number (4), salt (16), tag (16). */
export const SEALED_VALUE_OVERHEAD = 36

const DOMAIN = 'lumos/seal/1'
const TAG_BYTES = 16
const SALT_BYTES = 16
/** Each value has a key of its own, drawn with its salt: one nonce is enough. */
const NONCE = Buffer.alloc(12)

export function createSeal({ random }: { readonly random: Random }, init: SealInit): Seal {
  const { space, secrets } = init
  const newest = newestOf(secrets)
  const { alias, sealSegment, openSegment } = createPathSeal(init)

  function valueKey(number: number, valueSalt: Uint8Array): Buffer {
    const secret = secrets.get(number)
    if (secret === undefined) throw broken()
    return derive(secret, Buffer.concat([Buffer.from(space, 'hex'), valueSalt]), 'value')
  }

  return {
    alias,
    sealKey: (key) => mapSegments(key, sealSegment),
    openKey: (sealed) => mapSegments(sealed, (_, segment, given) => openSegment(given, segment)),
    sealValue(sealedKey, value) {
      const head = Buffer.alloc(4 + SALT_BYTES)
      head.writeUInt32BE(newest, 0)
      head.set(random.bytes(SALT_BYTES), 4)
      const cipher = createCipheriv('aes-256-gcm', valueKey(newest, head.subarray(4)), NONCE)
      cipher.setAAD(contextOf(space, sealedKey))
      const sealed = Buffer.concat([cipher.update(value), cipher.final()])
      return Buffer.concat([head, sealed, cipher.getAuthTag()])
    },
    openValue(sealedKey, sealed) {
      if (sealed.length < SEALED_VALUE_OVERHEAD) throw broken()
      const bytes = Buffer.from(sealed)
      const key = valueKey(bytes.readUInt32BE(0), bytes.subarray(4, 4 + SALT_BYTES))
      const cipher = createDecipheriv('aes-256-gcm', key, NONCE)
      cipher.setAAD(contextOf(space, sealedKey))
      cipher.setAuthTag(bytes.subarray(-TAG_BYTES))
      const plain = cipher.update(bytes.subarray(4 + SALT_BYTES, -TAG_BYTES))
      try {
        return Buffer.concat([plain, cipher.final()])
      } catch {
        throw broken()
      }
    }
  }
}

interface PathSeal {
  readonly alias: string
  /** @param parent all before the segment, sealed */
  readonly sealSegment: (parent: string, segment: string) => string
  readonly openSegment: (parent: string, sealed: string) => string
}

/** Synthetic IVs: the same segment below the same prefix is always sealed alike. */
function createPathSeal({ space, secrets }: SealInit): PathSeal {
  const first = secrets.get(1)
  if (first === undefined) throw new TypeError('a seal needs the first secret of its space')
  const salt = Buffer.from(space, 'hex')
  const macKey = derive(first, salt, 'path mac')
  const pathKey = derive(first, salt, 'path')
  const alias = derive(first, salt, 'alias').toString('hex', 0, TAG_BYTES)

  function tagOf(parent: string, segment: Buffer): Buffer {
    const mac = createHmac('sha256', macKey)
    // A prefix holds no zero byte: parent and segment cannot be shifted against each other.
    return mac.update(`${parent}\0`).update(segment).digest().subarray(0, TAG_BYTES)
  }

  return {
    alias,
    sealSegment(parent, segment) {
      const plain = Buffer.from(segment)
      const tag = tagOf(parent, plain)
      const cipher = createCipheriv('aes-256-ctr', pathKey, tag)
      return Buffer.concat([tag, cipher.update(plain), cipher.final()]).toString('base64url')
    },
    openSegment(parent, sealed) {
      const bytes = Buffer.from(sealed, 'base64url')
      if (bytes.length < TAG_BYTES || bytes.toString('base64url') !== sealed) throw broken()
      const tag = bytes.subarray(0, TAG_BYTES)
      const cipher = createDecipheriv('aes-256-ctr', pathKey, tag)
      const plain = Buffer.concat([cipher.update(bytes.subarray(TAG_BYTES)), cipher.final()])
      if (!tagOf(parent, plain).equals(tag)) throw broken()
      return plain.toString()
    }
  }
}

/** `change` gets a segment, and what is before it: as it became, and as it is given. */
function mapSegments(
  key: string,
  change: (before: string, segment: string, given: string) => string
): string {
  let result = ''
  let given = ''
  const segments = key.split('/')
  for (const [index, segment] of segments.entries()) {
    const end = index === segments.length - 1 ? '' : '/'
    const kept = index === 0 && segment.startsWith('~')
    result += (kept ? segment : change(result, segment, given)) + end
    given += segment + end
  }
  return result
}

function derive(secret: Secret<Uint8Array>, salt: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret.reveal(), salt, `${DOMAIN} ${purpose}`, 32))
}

function contextOf(space: MemoryId, sealedKey: string): Buffer {
  return Buffer.concat([Buffer.from(DOMAIN), Buffer.from(space, 'hex'), Buffer.from(sealedKey)])
}

function broken(): LumosError {
  return new LumosError('SEAL_BROKEN')
}
