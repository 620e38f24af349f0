import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { countOf, numberOf, Postings } from '../../../../discovery/directory/postings.ts'

const change = fc.record({ number: fc.nat(40), count: fc.integer({ min: 1, max: 9 }) })

test('numbers are held in order with their counts, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 120 }), (changes) => {
      const postings = new Postings()
      const model = new Map<number, number>()
      for (const { number, count } of changes) {
        // What is there goes, what is not there comes.
        if (model.delete(number)) postings.remove(number)
        else {
          model.set(number, count)
          postings.add(number, count)
        }
        postings.remove(99)
      }
      const sorted = [...model].toSorted(([a], [b]) => a - b)
      const held = Array.from(postings.uses.subarray(0, postings.size), (use) => [
        numberOf(use),
        countOf(use)
      ])
      expect(held).toEqual(sorted)
      for (let number = 0; number <= 40; number += 1) {
        expect(postings.count(number)).toBe(model.get(number) ?? 0)
      }
    })
  )
})

test('a word that is said without end is counted up to 255', () => {
  const postings = new Postings()
  const last = 2 ** 24 - 2
  postings.add(last, 4096)
  postings.add(3, 1)
  expect([postings.count(last), postings.count(3), postings.count(4)]).toEqual([255, 1, 0])
})
