import { expect, test } from 'vitest'
import { createGaps } from '../../../../memory/replica/gaps.ts'
import type { SequenceSet } from '../../../../memory/replica/sequence-set.ts'
import { LIMITS } from '../../../../core/limits.ts'

function setup() {
  const vector = new Map<string, SequenceSet>()
  return { vector, gaps: createGaps({ covered: (writer) => vector.get(writer) ?? [] }) }
}

test('a number that is not covered is missing until it is', () => {
  const { vector, gaps } = setup()
  vector.set('w', [[1, 4]])
  expect(gaps.note('w', 4)).toBe(false)
  expect(gaps.note('w', 6)).toBe(true)
  expect(gaps.open).toBe(true)
  vector.set('w', [
    [1, 4],
    [6, 6]
  ])
  expect(gaps.open).toBe(true)
  vector.set('w', [[1, 6]])
  expect(gaps.open).toBe(false)
})

test('what a repair that ended equal did not bring was no record', () => {
  const { gaps } = setup()
  gaps.note('w', 3)
  gaps.begin()()
  expect(gaps.open).toBe(false)
  expect(gaps.note('w', 3)).toBe(false)
  expect(gaps.note('w', 4)).toBe(true)
})

test('what was heard of while the repair ran is missing still', () => {
  const { gaps } = setup()
  gaps.note('w', 3)
  const settle = gaps.begin()
  gaps.note('w', 5)
  settle()
  expect(gaps.open).toBe(true)
})

test('a repair that was not equal settles nothing', () => {
  const { gaps } = setup()
  gaps.note('w', 3)
  gaps.begin()
  expect(gaps.open).toBe(true)
})

test('however many writers somebody invents, so many are remembered', () => {
  const { gaps } = setup()
  const most = LIMITS.memoryWriters.value
  for (let writer = 0; writer <= most; writer += 1) gaps.note(`w${writer}`, 1)
  gaps.begin()()
  expect(gaps.note('w0', 1)).toBe(true)
  expect(gaps.note(`w${most}`, 1)).toBe(false)
})

test('among three peers or more, one alone does not make a gap nothing', () => {
  const { gaps } = setup()
  gaps.note('w', 3)
  gaps.begin()('liar', 3)
  gaps.begin()('liar', 3)
  expect(gaps.open).toBe(true)
  gaps.note('w', 4)
  gaps.begin()('honest', 3)
  expect(gaps.open).toBe(true)
  gaps.begin()('another', 3)
  expect(gaps.open).toBe(false)
})

test('with two peers or one, their word is enough', () => {
  const { gaps } = setup()
  gaps.note('w', 3)
  gaps.begin()('only', 2)
  expect(gaps.open).toBe(false)
})

test('two peers in turn settle what both deny, though the writer goes on', () => {
  const { vector, gaps } = setup()
  gaps.note('w', 10)
  gaps.begin()('a', 3)
  gaps.note('w', 11)
  gaps.begin()('b', 3)
  vector.set('w', [[11, 11]])
  expect(gaps.open).toBe(false)
})

test('a repair that ends late takes nothing back', () => {
  const { gaps } = setup()
  gaps.note('w', 3)
  const late = gaps.begin()
  gaps.note('w', 5)
  gaps.begin()()
  late()
  expect(gaps.note('w', 5)).toBe(false)
})
