import { expect, test } from 'vitest'
import { Secret } from '../../../core/secret.ts'
import { openKey, parseSealedKey, sealKey } from '../../../trust/sealed-key.ts'
import type { SealedKey } from '../../../trust/sealed-key.ts'
import { seededRandom } from '../../support/random.ts'

const KEY = { peer: '12D3KooWAda', bytes: Uint8Array.from({ length: 68 }, (_, at) => at) }
const WORD = new Secret('correct horse battery')

function seal(passphrase = WORD): Promise<SealedKey> {
  return sealKey(KEY, passphrase, { random: seededRandom(1), cost: 10 })
}

/** Another last bit. */
function flip(text: string): string {
  const bytes = Buffer.from(text, 'base64')
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  return bytes.toString('base64')
}

test('a sealed key opens with its passphrase, however it is typed, and with no other', async () => {
  const sealed = parseSealedKey(JSON.stringify(await seal()))
  if (sealed === undefined) throw new Error('it cannot be read')
  expect(Uint8Array.from(await openKey(sealed, WORD))).toEqual(KEY.bytes)
  await expect(openKey(sealed, new Secret('correct horse batterz'))).rejects.toMatchObject({
    code: 'KEY_PASSPHRASE',
    details: { peer: KEY.peer }
  })
  const composed = await seal(new Secret('gr\u00FC\u00DFe aus der Ferne'))
  const typed = await openKey(composed, new Secret('gru\u0308\u00DFe aus der Ferne'))
  expect(Uint8Array.from(typed)).toEqual(KEY.bytes)
})

test('nothing of the key and of the passphrase is readable in it', async () => {
  const text = JSON.stringify(await seal())
  expect(text).not.toContain(Buffer.from(KEY.bytes).toString('base64').slice(0, 12))
  expect(text).not.toContain('horse')
})

test('whatever is changed, it does not open', async () => {
  const sealed = await seal()
  for (const changed of [
    { ...sealed, peer: '12D3KooWEve' },
    { ...sealed, cost: 11 },
    { ...sealed, salt: flip(sealed.salt) },
    { ...sealed, nonce: flip(sealed.nonce) },
    { ...sealed, data: flip(sealed.data) },
    { ...sealed, data: '' }
  ]) {
    // oxlint-disable-next-line no-await-in-loop -- scrypt uses the whole machine
    await expect(openKey(changed, WORD)).rejects.toMatchObject({ code: 'KEY_PASSPHRASE' })
  }
})

test('a file that asks for gigabytes, or is something else, is none', async () => {
  const sealed = await seal()
  for (const text of [
    JSON.stringify({ ...sealed, cost: 30 }),
    JSON.stringify({ ...sealed, cost: 1.5 }),
    JSON.stringify({ ...sealed, lumosKey: 2 }),
    JSON.stringify({ ...sealed, data: 1 }),
    'CAESQ==',
    '[]'
  ]) {
    expect(parseSealedKey(text)).toBeUndefined()
  }
})
