/** The node's key in the form in which jose signs and verifies. */
import { peerIdFromString } from '@libp2p/peer-id'
import { importJWK } from 'jose'
import type { CryptoKey } from 'jose'
import type { PeerIdText } from '../core/ids.ts'
import type { Identity } from './identity.ts'

export function signingKeyOf({ privateKey }: Identity): Promise<CryptoKey> {
  const { raw, publicKey } = privateKey.reveal()
  return importKey(publicKey.raw, raw.subarray(0, 32))
}

/**
 * An Ed25519 PeerId is the public key itself; nothing has to be fetched or trusted first.
 *
 * @throws TypeError for the id of another kind of key
 */
export async function verificationKeyOf(peer: PeerIdText): Promise<CryptoKey> {
  const id = peerIdFromString(peer)
  if (id.type !== 'Ed25519') throw new TypeError('only Ed25519 peers sign')
  return importKey(id.publicKey.raw)
}

async function importKey(publicKey: Uint8Array, seed?: Uint8Array): Promise<CryptoKey> {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: base64url(publicKey) }
  const key = await importJWK(seed === undefined ? jwk : { ...jwk, d: base64url(seed) }, 'EdDSA')
  if (key instanceof Uint8Array) throw new TypeError('an OKP key is never symmetric')
  return key
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
