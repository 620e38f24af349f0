import { expect, test } from 'vitest'
import { candidatesOf } from '../../../routing/choice.ts'
import { provider, SELF } from '../../support/routing.ts'

const ANY = { where: 'any', node: undefined } as const
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
