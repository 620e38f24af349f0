import fc from 'fast-check'
import { expect, test } from 'vitest'
import { candidatesOf, choose } from '../../../routing/choice.ts'
import { seededRandom } from '../../support/random.ts'
import { provider, SELF } from '../../support/routing.ts'

const ANY = { where: 'any', node: undefined } as const
const unmeasured = () => ({ rttMs: undefined, inFlight: 0 })
const byName = (peer: string) => ({ rttMs: peer === 'near' ? 1 : 300, inFlight: 0 })

test('an agent of that name beats every skill and tag of that name', () => {
  const providers = [
    provider('a', { match: 'tag' }),
    provider('b', { match: 'skill' }),
    provider('c', { match: 'agent' })
  ]
  expect(candidatesOf(providers, ANY).map(({ peer }) => peer)).toEqual(['c'])
  expect(candidatesOf(providers.slice(0, 2), ANY).map(({ peer }) => peer)).toEqual(['b'])
})

test('words in a description are no reason to hand over a task', () => {
  expect(candidatesOf([provider('a', { match: 'words' })], ANY)).toEqual([])
})

test('keeps to where the task may be done', () => {
  const providers = [provider('a'), provider('b'), provider(SELF)]
  const peers = (constraints: Parameters<typeof candidatesOf>[1]) =>
    candidatesOf(providers, constraints).map(({ peer }) => peer)
  expect(peers({ where: 'local', node: undefined })).toEqual([SELF])
  expect(peers({ where: 'remote', node: undefined })).toEqual(['a', 'b'])
  expect(peers({ where: 'any', node: 'b' })).toEqual(['b'])
  expect(peers({ where: 'local', node: 'b' })).toEqual([])
})

test('of two peers the one that is expected to be quicker is taken', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const candidates = [provider('near'), provider('far')]
      expect(choose(candidates, byName, seededRandom(seed))?.peer).toBe('near')
    })
  )
})

test('a peer that is connected is asked before one that has to be dialled', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const candidates = [provider('a', { connected: false }), provider('b', { load: 1 })]
      expect(choose(candidates, unmeasured, seededRandom(seed))?.peer).toBe('b')
    })
  )
})

test('equal peers share the work', () => {
  const random = seededRandom(7)
  const candidates = ['a', 'b', 'c', 'd'].map((peer) => provider(peer))
  const counts = new Map<string, number>()
  for (let task = 0; task < 1000; task += 1) {
    const peer = choose(candidates, unmeasured, random)?.peer ?? ''
    counts.set(peer, (counts.get(peer) ?? 0) + 1)
  }
  for (const count of counts.values()) expect(count).toBeGreaterThan(150)
  expect(counts.size).toBe(4)
})

test('without candidates there is no choice', () => {
  expect(choose([], unmeasured, seededRandom(1))).toBeUndefined()
})
