/** An Ed25519 PeerId is a public key in other letters: both ways between them. */
import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import { peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id'
import type { PeerIdText } from '../core/ids.ts'

/** The PeerId of a public key of 32 bytes in hex. */
export function peerOfKey(key: string): PeerIdText {
  return peerIdFromPublicKey(publicKeyFromRaw(Buffer.from(key, 'hex'))).toString()
}

/**
 * The public key inside a PeerId: 32 bytes in hex.
 *
 * @throws TypeError for the id of another kind of key
 */
export function keyOfPeer(peer: PeerIdText): string {
  const id = peerIdFromString(peer)
  if (id.type !== 'Ed25519') throw new TypeError('only Ed25519 peers sign')
  return Buffer.from(id.publicKey.raw).toString('hex')
}
