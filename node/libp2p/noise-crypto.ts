/** Noise's ciphers, but node is given each key once: importing it for every message was most of their cost. */
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { ICryptoInterface } from '@chainsafe/libp2p-noise'
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto'

const CIPHER = 'chacha20-poly1305'
const TAG_BYTES = 16
const TAG = { authTagLength: TAG_BYTES }

/**
 * Shorter messages are left to the package's WebAssembly, which has less to set up. Measured on Node 24,
 * µs to seal 200, 800, 1,200 and 16,384 bytes: 3, 8, 10 and 127 there, 8, 6, 8 and 17 here (24, 18,
 * 19 and 36 with a key that is imported each time).
 */
const LEAST_BYTES = 640

/** What `noise({ crypto })` takes; the same bytes as the package's own. */
export function createNoiseCrypto(): ICryptoInterface {
  // The key of a connection lives as long as the array that noise holds.
  const keys = new WeakMap<Uint8Array, KeyObject>()
  function keyOf(bytes: Uint8Array): KeyObject {
    const known = keys.get(bytes)
    if (known !== undefined) return known
    const key = createSecretKey(bytes)
    keys.set(bytes, key)
    return key
  }

  return {
    ...defaultCrypto,
    chaCha20Poly1305Encrypt(plaintext, ...[nonce, ad, k]) {
      if (plaintext.byteLength < LEAST_BYTES) {
        return defaultCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, ad, k)
      }
      const cipher = createCipheriv(CIPHER, keyOf(k), nonce, TAG)
      cipher.setAAD(ad, { plaintextLength: plaintext.byteLength })
      const pieces = plaintext instanceof Uint8Array ? [plaintext] : plaintext
      const sealed = Array.from(pieces, (piece) => cipher.update(piece))
      // A stream cipher keeps nothing back.
      cipher.final()
      return Buffer.concat([...sealed, cipher.getAuthTag()], plaintext.byteLength + TAG_BYTES)
    },
    chaCha20Poly1305Decrypt(ciphertext, ...[nonce, ad, k, dst]) {
      if (ciphertext.byteLength < LEAST_BYTES) {
        return defaultCrypto.chaCha20Poly1305Decrypt(ciphertext, nonce, ad, k, dst)
      }
      const plaintextLength = ciphertext.byteLength - TAG_BYTES
      const sealed = ciphertext.subarray()
      const decipher = createDecipheriv(CIPHER, keyOf(k), nonce, TAG)
      decipher.setAAD(ad, { plaintextLength })
      decipher.setAuthTag(sealed.subarray(plaintextLength))
      const plaintext = decipher.update(sealed.subarray(0, plaintextLength))
      // Throws unless every byte is as it was sealed: until then nothing leaves here.
      decipher.final()
      return plaintext
    }
  }
}
