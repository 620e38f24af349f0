/** Our ciphers for Noise against the package's own: whoever speaks Noise understands either. */
import type { ICryptoInterface } from '@chainsafe/libp2p-noise'
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto'
import { LengthPrefixedDecoder } from '@libp2p/utils'
import { describe, expect, test } from 'vitest'
import { createNoiseCrypto } from '../../node/libp2p/noise-crypto.ts'
import { seededRandom } from '../support/random.ts'

type Bytes = Parameters<ICryptoInterface['chaCha20Poly1305Encrypt']>[0]

const random = seededRandom(20)
/** Around the length where the implementations change, theirs and ours, and the longest of all. */
const LENGTHS = [0, 1, 15, 16, 17, 623, 624, 639, 640, 641, 1183, 1184, 1199, 1200, 4096, 65_519]
const ours = createNoiseCrypto()

function letter(length: number, ad = random.bytes(32)) {
  return { plaintext: random.bytes(length), nonce: random.bytes(12), ad, key: random.bytes(32) }
}

/** The same bytes as the list of pieces that Noise makes of what comes in many pieces. */
function inPieces(bytes: Uint8Array): Bytes {
  const decoder = new LengthPrefixedDecoder({
    lengthDecoder: () => bytes.byteLength,
    encodingLength: () => 1
  })
  const whole = Uint8Array.of(0, ...bytes)
  for (let at = 0; at < whole.byteLength; at += 1000) {
    for (const list of decoder.decode(whole.subarray(at, at + 1000))) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same class, of which two versions are installed
      return list as unknown as Bytes
    }
  }
  throw new Error('nothing came out')
}

function flat(bytes: Bytes): Buffer {
  return Buffer.from(bytes.subarray())
}

describe.each(LENGTHS)('of %i bytes', (length) => {
  test.each([0, 32])('sealed and opened like the original, with %i bytes beside it', (beside) => {
    const { plaintext, nonce, ad, key } = letter(length, random.bytes(beside))
    const sealed = flat(defaultCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, ad, key))
    expect(flat(ours.chaCha20Poly1305Encrypt(plaintext, nonce, ad, key)).equals(sealed)).toBe(true)
    const opened = flat(ours.chaCha20Poly1305Decrypt(Buffer.from(sealed), nonce, ad, key))
    expect(opened.equals(plaintext)).toBe(true)
  })

  test('the same when it comes in pieces', () => {
    const { plaintext, nonce, ad, key } = letter(Math.max(length, 1))
    const sealed = flat(ours.chaCha20Poly1305Encrypt(inPieces(plaintext), nonce, ad, key))
    expect(flat(defaultCrypto.chaCha20Poly1305Decrypt(sealed, nonce, ad, key))).toEqual(
      Buffer.from(plaintext)
    )
    const again = ours.chaCha20Poly1305Encrypt(plaintext, nonce, ad, key)
    const opened = ours.chaCha20Poly1305Decrypt(inPieces(again.subarray()), nonce, ad, key)
    expect(flat(opened).equals(plaintext)).toBe(true)
  })

  test('opens nothing that was changed anywhere, or was meant for another place', () => {
    const { plaintext, nonce, ad, key } = letter(length)
    const sealed = flat(ours.chaCha20Poly1305Encrypt(plaintext, nonce, ad, key))
    for (const at of [0, Math.floor(sealed.length / 2), sealed.length - 1]) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => ours.chaCha20Poly1305Decrypt(changed, nonce, ad, key)).toThrow(
        /Invalid|authenticate/
      )
    }
    for (const wrong of [
      { nonce: random.bytes(12), ad, key },
      { nonce, ad: random.bytes(32), key },
      { nonce, ad, key: random.bytes(32) }
    ]) {
      expect(() =>
        ours.chaCha20Poly1305Decrypt(Buffer.from(sealed), wrong.nonce, wrong.ad, wrong.key)
      ).toThrow(/Invalid|authenticate/)
    }
  })
})

test('each connection has its own key, and its nonce counts on in one array', () => {
  const [one, other] = [letter(2000), letter(2000)]
  const nonce = new Uint8Array(12)
  for (let count = 0; count < 3; count += 1) {
    nonce[4] = count
    for (const { plaintext, ad, key } of [one, other]) {
      expect(flat(ours.chaCha20Poly1305Encrypt(plaintext, nonce, ad, key))).toEqual(
        flat(defaultCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, ad, key))
      )
    }
  }
})
