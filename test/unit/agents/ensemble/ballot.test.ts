import { describe, expect, test } from 'vitest'
import {
  canonicalContent,
  standing,
  tally,
  votesNeeded
} from '../../../../agents/ensemble/ballot.ts'
import type { Part } from '../../../../core/a2a.ts'

function same(a: readonly Part[], b: readonly Part[]): boolean {
  return canonicalContent(a) === canonicalContent(b)
}

describe('two answers are the same', () => {
  test.for<[string, readonly Part[], readonly Part[]]>([
    ['whatever white space they have', [{ text: ' a\r\n b\n' }], [{ text: 'a b' }]],
    ['however their text is cut', [{ text: 'a ' }, { text: 'b' }], [{ text: 'a b' }]],
    ['however an accent is written', [{ text: 'e\u0301' }], [{ text: '\u00E9' }]],
    ['in any order of members', [{ data: { a: 1, b: 2 } }], [{ data: { b: 2, a: 1 } }]],
    ['under any name of a file', [{ raw: 'AAE=', filename: 'x' }], [{ raw: 'AAE=' }]]
  ])('%s', ([, a, b]) => expect(same(a, b)).toBe(true))
})

describe('two answers differ', () => {
  test.for<[string, readonly Part[], readonly Part[]]>([
    ['in case', [{ text: 'Yes' }], [{ text: 'yes' }]],
    ['in punctuation', [{ text: 'yes.' }], [{ text: 'yes' }]],
    ['in the order of a list', [{ data: [1, 2] }], [{ data: [2, 1] }]],
    ['as text and as data', [{ text: '1' }], [{ data: 1 }]],
    ['in what is beside the text', [{ text: '1' }], [{ text: '1' }, { data: 1 }]]
  ])('%s', ([, a, b]) => expect(same(a, b)).toBe(false))
})

test('half a surrogate pair is content like any other', () => {
  expect(same([{ text: 'a\uD800' }], [{ text: ' a\uD800' }])).toBe(true)
  expect(same([{ data: '\uD800' }], [{ data: '\uD801' }])).toBe(false)
})

test('answers are counted, and of two that as many gave the first one leads', () => {
  expect(tally(['x', 'y', 'y', 'x'])).toEqual({ numbers: [1, 2, 2, 1], votes: [2, 2], leader: 1 })
  expect(tally(['x', 'y', 'y'])).toMatchObject({ votes: [1, 2], leader: 2 })
  expect(tally([])).toEqual({ numbers: [], votes: [], leader: 0 })
})

test('a majority is more than half of those who were asked', () => {
  expect([2, 3, 4, 5].map(votesNeeded)).toEqual([2, 2, 3, 3])
})

test.for<[readonly number[], number, number, string]>([
  [[2], 3, 1, 'decided'],
  [[1, 1], 3, 1, 'open'],
  [[1, 1, 1], 3, 0, 'lost'],
  [[1, 1], 4, 1, 'lost'],
  [[], 2, 2, 'open'],
  // One that agrees with itself.
  [[1], 1, 0, 'lost']
])('with votes %j of %i asked and %i pending it is %s', ([votes, asked, pending, is]) => {
  expect(standing({ votes }, { asked, pending })).toBe(is)
})
