import { expect, test } from 'vitest'
import { parseTarget, resolveNode } from '../../../routing/target.ts'

const NODES = [
  { id: '12D3KooWabcdef111', name: 'amber-otter' },
  { id: '12D3KooWabcdef222', name: 'Quiet-Lake' },
  { id: '12D3KooWzzzzzz333', name: 'quiet-lake' }
]

test('understands names, agents and agents of a node', () => {
  expect(parseTarget(' summarize ')).toEqual({ query: 'summarize', exact: false, node: undefined })
  expect(parseTarget('@clock')).toEqual({ query: '@clock', exact: true, node: undefined })
  expect(parseTarget('@clock@otter')).toEqual({ query: '@clock', exact: true, node: 'otter' })
})

test('takes what is no such form for a plain name', () => {
  for (const text of ['@', '@a@b@c', 'a@b', '@a b']) {
    expect(parseTarget(text)).toMatchObject({ query: text, exact: false })
  }
})

test.for([
  ['12D3KooWabcdef111', '12D3KooWabcdef111'],
  ['Amber-Otter', '12D3KooWabcdef111'],
  ['12D3KooWzzz', '12D3KooWzzzzzz333'],
  ['zzzzzz', '12D3KooWzzzzzz333']
])('finds the node that %s means', ([reference = '', id]) => {
  expect(resolveNode(reference, NODES)).toBe(id)
})

test.for([
  ['quiet-lake', 'PEER_AMBIGUOUS'],
  ['abcdef', 'PEER_AMBIGUOUS'],
  ['nobody', 'PEER_UNKNOWN'],
  ['zzz', 'PEER_UNKNOWN']
])('does not guess what %s means', ([reference = '', code]) => {
  expect(() => resolveNode(reference, NODES)).toThrow(expect.objectContaining({ code }))
})
