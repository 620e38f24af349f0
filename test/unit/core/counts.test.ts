import { expect, test } from 'vitest'
import { Counts } from '../../../core/counts.ts'

test('each key has a count of its own', () => {
  const counts = new Counts<string>()
  counts.add('a')
  counts.add('a')
  counts.add('b')
  counts.remove('a')
  expect([counts.of('a'), counts.of('b'), counts.of('c')]).toEqual([1, 1, 0])
})

test('nothing is kept of what there is none of', () => {
  const counts = new Counts<string>()
  counts.add('a')
  counts.remove('a')
  counts.remove('never there')
  expect(counts.size).toBe(0)
  expect(counts.of('never there')).toBe(0)
})
