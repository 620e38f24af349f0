/** The bytes of a record, as literals: every node of every version must read and write the same. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import { Secret } from '../../../../core/secret.ts'
import {
  compareRecords,
  decodeRecord,
  encodeRecord,
  previousOf,
  RECORD_OVERHEAD,
  signatureOf,
  signedPart
} from '../../../../memory/replica/record.ts'
import type { RecordBody } from '../../../../memory/replica/record.ts'
import { createSigner, createVerifier } from '../../../../memory/replica/record-signature.ts'
import { newWriter, writerId } from '../../../../memory/replica/writer.ts'
import { seededRandom } from '../../../support/random.ts'

/** RFC 8032, section 7.1, test 1. */
const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
const AUTHOR = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'
const SPACE = '000102030405060708090a0b0c0d0e0f'

const signer = createSigner(new Secret(Buffer.from(SEED, 'hex')))
const verify = createVerifier()

const PUT: RecordBody = {
  space: SPACE,
  writer: writerId(SPACE, { author: AUTHOR, nonce: 'ff'.repeat(16) }),
  sequence: 7,
  time: { ms: 1_790_000_000_000, counter: 3 },
  previous: '1122334455667788',
  key: 'facts/größe',
  value: Buffer.from('42 m'),
  deleted: false,
  expires: 1_790_000_060_000,
  sealed: false
}

function bodyOf(changes: Partial<RecordBody>): RecordBody {
  return { ...PUT, ...changes }
}

function encode(changes: Partial<RecordBody>) {
  return encodeRecord(bodyOf(changes), signer.sign)
}

const { expires: _, ...LASTING } = PUT
const TOMBSTONE: RecordBody = { ...LASTING, value: Buffer.alloc(0), deleted: true }

function reversed(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.toReversed())
}

/** Put together by another program, from docs/protocols/memory.md. */
const PUT_HEX = [
  '0102000102030405060708090a0b0c0d0e0f9e5a681523bc146dd5e996669c3bb51a000000000007',
  '01a0c4506c0000031122334455667788000d66616374732f6772c3b6c39f65000000043432206d01',
  'a0c451566003ce24f150bf534da5f6931df4e5b6d6a7a62cd6f86cb66ccb1709d906cbe233d08739',
  '66998224e5fe32b772c312e3e075e509d10bdd9d68adb68f40faa8930e'
].join('')
const TOMBSTONE_HEX = [
  '0101000102030405060708090a0b0c0d0e0f9e5a681523bc146dd5e996669c3bb51a000000000007',
  '01a0c4506c0000031122334455667788000d66616374732f6772c3b6c39f65000000002742040b50',
  'c68ccb963f9aede00ee3d536ff8c07e45fd188803bc3544dd3dd149c6eedaf25231b5fe3116a08b2',
  'e3710cb0b24d8aff4bbae5228a230cc4b88000'
].join('')

describe('golden vectors', () => {
  test('the writer', () => {
    expect(PUT.writer).toBe('9e5a681523bc146dd5e996669c3bb51a')
  })

  test('a record that expires', () => {
    const { bytes, id } = encodeRecord(PUT, signer.sign)
    expect({ hex: Buffer.from(bytes).toString('hex'), id }).toEqual({
      hex: PUT_HEX,
      id: '6a37b86d34dea1435684db8faebba1b6'
    })
  })

  test('a tombstone', () => {
    const { bytes, id } = encodeRecord(TOMBSTONE, signer.sign)
    expect({ hex: Buffer.from(bytes).toString('hex'), id }).toEqual({
      hex: TOMBSTONE_HEX,
      id: 'fe6861c69c4ba564b436a54aefc183cd'
    })
  })
})

const body: fc.Arbitrary<RecordBody> = fc
  .record({
    sequence: fc.integer({ min: 1, max: 2 ** 48 - 1 }),
    ms: fc.integer({ min: 0, max: 2 ** 48 - 2 }),
    counter: fc.nat(0xffff),
    key: fc.stringMatching(/^[a-zß-ü/~😀]{1,40}$/u),
    value: fc.uint8Array({ maxLength: 60 }),
    kind: fc.constantFrom('put', 'delete', 'expiring'),
    sealed: fc.boolean()
  })
  .map(({ ms, counter, kind, value, ...rest }) => ({
    ...LASTING,
    ...rest,
    time: { ms, counter },
    value: kind === 'delete' ? new Uint8Array() : value,
    deleted: kind === 'delete',
    ...(kind === 'expiring' && { expires: ms + 1 })
  }))

describe('the codec', () => {
  test('gives back what was written, of the size that was promised', () => {
    fc.assert(
      fc.property(body, (said) => {
        const record = encodeRecord(said, signer.sign)
        expect(record).toMatchObject({ ...said, value: Buffer.from(said.value) })
        expect(decodeRecord(record.bytes)).toEqual(record)
        const size = Buffer.byteLength(said.key) + said.value.length
        const expiry = said.expires === undefined ? 0 : 6
        expect(record.bytes.length).toBe(RECORD_OVERHEAD + size + expiry)
      }),
      { numRuns: 200 }
    )
  })

  test.for([
    ['an empty key', { key: '' }],
    ['a key that is too long', { key: 'ü'.repeat(257) }],
    ['a key with a line break', { key: 'a\nb' }],
    ['a key with half a surrogate pair', { key: 'a\ud800' }],
    ['a value that is too large', { value: Buffer.alloc(32 * 1024 + 1) }],
    ['no sequence', { sequence: 0 }],
    ['an expiry before its time', { expires: PUT.time.ms }],
    ['a tombstone with a value', { deleted: true }]
  ] as const)('refuses %s', ([, changes]) => {
    expect(() => encode(changes)).toThrow(LumosError)
  })

  test('refuses every prefix of a record, and a record with more behind it', () => {
    const { bytes } = encodeRecord(PUT, signer.sign)
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => decodeRecord(bytes.subarray(0, length))).toThrow(LumosError)
    }
    expect(() => decodeRecord(Buffer.concat([bytes, Buffer.alloc(1)]))).toThrow(LumosError)
  })
})

describe('the signature', () => {
  test('is the author’s, and fails with any bit of the record changed', async () => {
    const { bytes } = encodeRecord(PUT, signer.sign)
    expect(signer.author).toBe(AUTHOR)
    expect(await verify(AUTHOR, signedPart(bytes), signatureOf(bytes))).toBe(true)
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(await verify(AUTHOR, signedPart(changed), signatureOf(changed)), `${bit}`).toBe(false)
    }
  })

  test('of an author that is no key is false, not an error', async () => {
    const { bytes } = encodeRecord(PUT, signer.sign)
    expect(await verify('00', signedPart(bytes), signatureOf(bytes))).toBe(false)
  })

  test('cannot be given a second form', async () => {
    const { bytes } = encodeRecord(PUT, signer.sign)
    const order = 2n ** 252n + 27742317777372353535851937790883648493n
    const scalar = BigInt(`0x${reversed(bytes.subarray(-32)).toString('hex')}`)
    const larger = Buffer.from((scalar + order).toString(16).padStart(64, '0'), 'hex')
    const changed = Buffer.concat([bytes.subarray(0, -32), reversed(larger)])
    expect(await verify(AUTHOR, signedPart(changed), signatureOf(changed))).toBe(false)
  })
})

test('two incarnations of an author are two writers', () => {
  const random = seededRandom(1)
  const ids = [newWriter(AUTHOR, random), newWriter(AUTHOR, random)].map((name) =>
    writerId(SPACE, name)
  )
  expect(new Set(ids).size).toBe(2)
})

test('time decides, then the writer, then the id', () => {
  const { ms } = PUT.time
  const early = encode({ time: { ms, counter: 2 }, writer: 'ff'.repeat(16) })
  const late = encode({ time: { ms, counter: 3 }, writer: '00'.repeat(16) })
  const later = encode({ time: { ms, counter: 3 }, writer: '01'.repeat(16) })
  const fork = encode({
    time: { ms, counter: 3 },
    writer: '01'.repeat(16),
    value: Buffer.from('x')
  })
  expect(compareRecords(late, early)).toBeGreaterThan(0)
  expect(compareRecords(later, late)).toBeGreaterThan(0)
  expect(Math.sign(compareRecords(fork, later))).toBe(fork.id > later.id ? 1 : -1)
  expect(compareRecords(later, later)).toBe(0)
  expect(previousOf(late)).toBe(late.id.slice(0, 16))
  expect(previousOf(undefined)).toBe('0'.repeat(16))
})
