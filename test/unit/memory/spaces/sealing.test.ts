/** Private spaces: what is sealed opens again, only in its place, and for those who have the secret. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../../../core/secret.ts'
import { cornerOf } from '../../../../memory/spaces/access.ts'
import { createSeal, SEALED_VALUE_OVERHEAD } from '../../../../memory/spaces/sealing.ts'
import { seededRandom } from '../../../support/random.ts'

const SPACE = '0f'.repeat(16)

function sealWith(...seeds: readonly number[]) {
  const secrets = new Map(
    seeds.map((seed, index) => [index + 1, new Secret(new Uint8Array(32).fill(seed))])
  )
  return createSeal({ random: seededRandom(1) }, { space: SPACE, secrets })
}

const seal = sealWith(7)

/** Opened by another program, from docs/protocols/memory.md. */
describe('golden vectors', () => {
  test('a key', () => {
    expect(seal.sealKey('thread/größe')).toBe(
      'UG8CxBWu_R4iocmMrhR2sPmBlVAP_Q/M111XvSfioMoB4OGrTHcKCYLKd6ya5s'
    )
  })

  test('a value', () => {
    const sealed = Buffer.from(sealWith(7).sealValue('k', Buffer.from('42 m')))
    expect(sealed.toString('hex')).toBe(
      '00000001a00087fbf7479cb86dfe747d23673f277c2ee1e7a7582ed5f59ca79a5f310e06c654a9d9'
    )
  })
})

const path = fc
  .array(fc.stringMatching(/^[a-zß-ü~😀]{0,6}$/u), { minLength: 1, maxLength: 4 })
  .map((segments) => segments.join('/'))

test('keys open again, and look alike where they are alike', () => {
  fc.assert(
    fc.property(path, path, (a, b) => {
      expect(seal.openKey(seal.sealKey(a))).toBe(a)
      expect(seal.sealKey(a) === seal.sealKey(b)).toBe(a === b)
      expect(
        seal.sealKey(`${a}/${b}`).startsWith(seal.sealKey(`${a}/`).replace(/[^/]*$/, ''))
      ).toBe(true)
    })
  )
})

test('a corner keeps its name, so that everybody can tell whose it is', () => {
  const corner = cornerOf('ab'.repeat(32))
  const sealed = seal.sealKey(`${corner}notes`)
  expect(sealed.startsWith(corner)).toBe(true)
  expect(sealed).not.toContain('notes')
  expect(seal.openKey(sealed)).toBe(`${corner}notes`)
})

test('values open again, and no two look alike', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (value) => {
      const [one, two] = [seal.sealValue('k', value), seal.sealValue('k', value)]
      expect(Buffer.from(one).equals(two)).toBe(false)
      expect(one.length).toBe(value.length + SEALED_VALUE_OVERHEAD)
      expect(Buffer.from(seal.openValue('k', one))).toEqual(Buffer.from(value))
    })
  )
})

describe('does not open', () => {
  const value = seal.sealValue('k', Buffer.from('secret'))

  test('a value anywhere but in its place', () => {
    expect(() => seal.openValue('j', value)).toThrow(/sealed record/)
  })

  test('a value or a key with any bit changed', () => {
    for (let bit = 0; bit < value.length * 8; bit += 1) {
      const changed = Buffer.from(value)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => seal.openValue('k', changed)).toThrow(/sealed record/)
    }
    const key = seal.sealKey('a/bc')
    for (let index = 0; index < key.length; index += 1) {
      const other = key[index] === 'A' ? 'B' : 'A'
      const changed = key.slice(0, index) + other + key.slice(index + 1)
      expect(() => seal.openKey(changed)).toThrow(/sealed record/)
    }
  })

  test.for([0, 1, 35])('what is too short: %i bytes', (length) => {
    expect(() => seal.openValue('k', new Uint8Array(length))).toThrow(/sealed record/)
  })

  test('for another secret', () => {
    expect(() => sealWith(8).openValue('k', value)).toThrow(/sealed record/)
    expect(() => sealWith(8).openKey(seal.sealKey('a'))).toThrow(/sealed record/)
  })
})

test('a new secret seals new values, opens old ones, and leaves keys as they were', () => {
  const rotated = sealWith(7, 9)
  const old = seal.sealValue('k', Buffer.from('old'))
  const young = rotated.sealValue('k', Buffer.from('young'))
  expect(Buffer.from(rotated.openValue('k', old)).toString()).toBe('old')
  expect(() => seal.openValue('k', young)).toThrow(/sealed record/)
  expect(rotated.sealKey('a/b')).toBe(seal.sealKey('a/b'))
})

test('a seal without the first secret cannot be made', () => {
  expect(() =>
    createSeal({ random: seededRandom(1) }, { space: SPACE, secrets: new Map() })
  ).toThrow(TypeError)
})
