/** A private key behind a passphrase: for a copy that leaves the machine, and for the file on its disk. */
import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto'
import { LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import { isJsonObject } from '../core/json.ts'
import type { Random } from '../core/random.ts'
import type { Secret } from '../core/secret.ts'

/** What is written, as JSON. Base64 where there are bytes. */
export interface SealedKey {
  readonly lumosKey: 1
  /** Not secret: it says whose key it is without the passphrase. */
  readonly peer: PeerIdText
  /** Base 2 logarithm of scrypt's N; r is 8 and p is 1. */
  readonly cost: number
  readonly salt: string
  readonly nonce: string
  /** AES-256-GCM, its tag at the end. */
  readonly data: string
}

/** OWASP's cheat sheet on password storage: N = 2^17, r = 8, p = 1; a quarter of a second, 128 MiB. */
const COST = 17
/** A file from elsewhere must not make this node work for minutes or take gigabytes. */
const MOST_COST = 20
const [R, P, KEY_BYTES, SALT_BYTES, NONCE_BYTES, TAG_BYTES] = [8, 1, 32, 16, 12, 16]

export async function sealKey(
  key: { readonly peer: PeerIdText; readonly bytes: Uint8Array },
  passphrase: Secret<string>,
  { random, cost = COST }: { readonly random: Random; readonly cost?: number }
): Promise<SealedKey> {
  const [salt, nonce] = [random.bytes(SALT_BYTES), random.bytes(NONCE_BYTES)]
  const secret = await derive(passphrase, { salt, cost })
  const cipher = createCipheriv('aes-256-gcm', secret, nonce)
  cipher.setAAD(headOf({ peer: key.peer, cost }))
  const data = Buffer.concat([cipher.update(key.bytes), cipher.final(), cipher.getAuthTag()])
  const [saltText, nonceText] = [base64(salt), base64(nonce)]
  return { lumosKey: 1, peer: key.peer, cost, salt: saltText, nonce: nonceText, data: base64(data) }
}

/** @throws KEY_PASSPHRASE when it does not fit, or the file was changed: nobody can tell which */
export async function openKey(
  { peer, cost, salt, nonce, data }: SealedKey,
  passphrase: Secret<string>
): Promise<Uint8Array> {
  const secret = await derive(passphrase, { salt: Buffer.from(salt, 'base64'), cost })
  const sealed = Buffer.from(data, 'base64')
  try {
    const decipher = createDecipheriv('aes-256-gcm', secret, Buffer.from(nonce, 'base64'), {
      authTagLength: TAG_BYTES
    })
    decipher.setAAD(headOf({ peer, cost }))
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()])
  } catch {
    throw new LumosError('KEY_PASSPHRASE', { details: { peer } })
  }
}

/** `undefined` for a text that is no sealed key. */
export function parseSealedKey(text: string): SealedKey | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isJsonObject(value) || value['lumosKey'] !== 1) return undefined
  const { peer, cost, salt, nonce, data } = value
  const fits = typeof cost === 'number' && Number.isInteger(cost) && cost >= 10 && cost <= MOST_COST
  if (!fits || typeof peer !== 'string' || typeof salt !== 'string') return undefined
  if (typeof nonce !== 'string' || typeof data !== 'string') return undefined
  return { lumosKey: 1, peer, cost, salt, nonce, data }
}

function derive(
  passphrase: Secret<string>,
  { salt, cost }: { readonly salt: Uint8Array; readonly cost: number }
): Promise<Buffer> {
  const N = 2 ** cost
  // Unicode has several spellings of one word; keyboards differ in which they send.
  const text = passphrase.reveal().normalize('NFKC')
  return new Promise((resolve, reject) => {
    scrypt(text, salt, KEY_BYTES, { N, r: R, p: P, maxmem: 256 * N * R }, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}

/** What is not secret is not to be changed either. */
function headOf({ peer, cost }: Pick<SealedKey, 'peer' | 'cost'>): Buffer {
  return Buffer.from(`lumos key 1 ${peer} ${cost}`)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
