/** Sets of numbers as ranges, held against plain sets. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  bounded,
  contiguous,
  difference,
  greatest,
  includes,
  NOTHING,
  withRange
} from '../../../../memory/replica/sequence-set.ts'
import type { SequenceRange, SequenceSet } from '../../../../memory/replica/sequence-set.ts'

const ranges = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 30 }), fc.nat(4)).map(([a, n]): SequenceRange => [a, a + n])
)

function setOf(list: readonly SequenceRange[]): SequenceSet {
  return list.reduce((set, range) => withRange(set, range), NOTHING)
}

function members(set: SequenceSet): number[] {
  return Array.from({ length: 40 }, (_, n) => n).filter((n) => includes(set, n))
}

test('holds what was put in, in as few ranges as there are gaps', () => {
  fc.assert(
    fc.property(ranges, (list) => {
      const set = setOf(list)
      const plain = new Set(
        list.flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, n) => a + n))
      )
      expect(members(set)).toEqual([...plain].toSorted((a, b) => a - b))
      for (const [index, [first]] of set.entries()) {
        expect(first).toBeGreaterThan((set[index - 1]?.[1] ?? -1) + 1)
      }
      expect(greatest(set)).toBe(Math.max(0, ...plain))
      let run = 0
      while (plain.has(run + 1)) run += 1
      expect(contiguous(set)).toBe(run)
    })
  )
})

test('the difference is what one holds and the other does not', () => {
  fc.assert(
    fc.property(ranges, ranges, (a, b) => {
      const left = members(setOf(a))
      const right = new Set(members(setOf(b)))
      expect(members(difference(setOf(a), setOf(b)))).toEqual(left.filter((n) => !right.has(n)))
    })
  )
})

test('what is beyond the bound is forgotten from the end', () => {
  const set = setOf([
    [1, 2],
    [5, 6],
    [9, 9]
  ])
  expect(bounded(set, 2)).toEqual([
    [1, 2],
    [5, 6]
  ])
  expect(withRange(set, [4, 3])).toEqual(set)
})
