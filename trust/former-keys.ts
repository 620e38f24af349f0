/**
 * The keys that this node had before: nobody lets them in any more, but its shared memory goes on under the
 * first of them (docs/decisions/0012). Whoever can open the present key can open these.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { z } from 'zod'
import { LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import type { Random } from '../core/random.ts'
import { readFileBounded, writeJsonAtomic } from '../storage/atomic-file.ts'
import { identityOf, parsePlainKey } from './identity.ts'
import type { Identity } from './identity.ts'

const document = z.strictObject({ v: z.literal(1), nonce: z.base64(), data: z.base64() })
const contents = z.array(z.base64())

const [NONCE_BYTES, TAG_BYTES, SEED_BYTES] = [12, 16, 32]
/** A key takes 92 characters, and what surrounds it is encoded once more. */
const FILE_BYTES = 256 * LIMITS.keySuccessions.value

/** Beside the key of `present`, whose file may still be to come. */
export async function writeFormerKeys(
  directory: string,
  { present, former }: { readonly present: Identity; readonly former: readonly Identity[] },
  random: Random
): Promise<void> {
  const keys = former.map(({ privateKey }) =>
    Buffer.from(privateKeyToProtobuf(privateKey.reveal())).toString('base64')
  )
  const nonce = random.bytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', sealingKey(present), nonce)
  cipher.setAAD(Buffer.from(present.peer))
  const data = Buffer.concat([cipher.update(JSON.stringify(keys)), cipher.final()])
  await writeJsonAtomic(pathOf(directory, present.peer), {
    v: 1,
    nonce: Buffer.from(nonce).toString('base64'),
    data: Buffer.concat([data, cipher.getAuthTag()]).toString('base64')
  })
}

/** Oldest first; none for a node that has had one key. @throws IDENTITY_INVALID */
export async function readFormerKeys(
  directory: string,
  present: Identity
): Promise<readonly Identity[]> {
  const path = pathOf(directory, present.peer)
  const file = await readFileBounded(path, FILE_BYTES)
  if (file === undefined) return []
  try {
    const { nonce, data } = document.parse(JSON.parse(Buffer.from(file.content).toString()))
    const sealed = Buffer.from(data, 'base64')
    const decipher = createDecipheriv(
      'aes-256-gcm',
      sealingKey(present),
      Buffer.from(nonce, 'base64'),
      { authTagLength: TAG_BYTES }
    )
    decipher.setAAD(Buffer.from(present.peer))
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    const text = Buffer.concat([
      decipher.update(sealed.subarray(0, -TAG_BYTES)),
      decipher.final()
    ]).toString()
    return contents.parse(JSON.parse(text)).map((key) => identityOf(parsePlainKey(path, key)))
  } catch {
    // No cause: a decoder's message may quote key bytes, and errors end up in logs.
    const reason = 'it was changed; without it, moved away, memory goes on under the present key'
    throw new LumosError('IDENTITY_INVALID', { details: { path, reason } })
  }
}

/** Those that belong to another key than the present one. */
export async function removeOtherFormerKeys(directory: string, present: PeerIdText): Promise<void> {
  const own = fileName(present)
  const others = (await readdir(directory)).filter((name) => FILE.test(name) && name !== own)
  await Promise.all(others.map((name) => unlink(join(directory, name))))
}

const FILE = /^former-.+\.keys$/

function fileName(peer: PeerIdText): string {
  return `former-${peer}.keys`
}

function pathOf(directory: string, peer: PeerIdText): string {
  return join(directory, fileName(peer))
}

function sealingKey({ peer, privateKey }: Identity): Uint8Array {
  const seed = privateKey.reveal().raw.subarray(0, SEED_BYTES)
  return new Uint8Array(hkdfSync('sha256', seed, peer, 'lumos:former-keys:1', 32))
}
