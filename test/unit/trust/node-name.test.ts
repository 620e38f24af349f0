import { expect, test } from 'vitest'
import { isLabel, nodeName } from '../../../trust/node-name.ts'
import { ADJECTIVES, ANIMALS } from '../../../trust/words.ts'
import { testIdentity } from '../../support/identity.ts'

test('the same key has the same name, and other keys mostly others', async () => {
  const peers = await Promise.all(
    Array.from({ length: 100 }, async (_, seed) => (await testIdentity(seed)).peer)
  )
  const names = peers.map((peer) => nodeName(peer))
  expect(peers.map((peer) => nodeName(peer))).toEqual(names)
  expect(new Set(names).size).toBeGreaterThan(97)
  expect(names.every((name) => isLabel(name))).toBe(true)
})

test('a name never changes for a key', () => {
  expect(nodeName('12D3KooWAAA')).toBe('patient-tern')
})

test('the lists hold 256 different words each, short enough to say', () => {
  expect(new Set([...ADJECTIVES, ...ANIMALS]).size).toBe(512)
  expect(ADJECTIVES).toHaveLength(256)
  expect(ANIMALS).toHaveLength(256)
  expect([...ADJECTIVES, ...ANIMALS].every((word) => /^[a-z]{3,12}$/.test(word))).toBe(true)
})

test.for(['a', 'gpu-box', 'node1', 'x'.repeat(63)])('%s is a name', (name) => {
  expect(isLabel(name)).toBe(true)
})

test.for(['', '-a', 'a-', 'A', 'a b', 'a.b', '../x', 'ä', 'x'.repeat(64), 'a\n'])(
  '%j is no name',
  (name) => {
    expect(isLabel(name)).toBe(false)
  }
)
