import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecentMap } from '../../../core/recent-map.ts'

test('the most that there may be are those set last, in that order', () => {
  const sets = fc.array(fc.tuple(fc.nat(9), fc.nat()), { maxLength: 60 })
  fc.assert(
    fc.property(sets, fc.integer({ min: 1, max: 8 }), (all, most) => {
      const map = new RecentMap<number, number>(most)
      for (const [key, value] of all) map.set(key, value)
      const expected: [number, number][] = []
      for (const [key, value] of all.toReversed()) {
        if (!expected.some(([known]) => known === key)) expected.unshift([key, value])
      }
      expect([...map]).toEqual(expected.slice(-most))
    })
  )
})

test('what is deleted makes room', () => {
  const map = new RecentMap<string, number>(2).set('a', 1).set('b', 2)
  map.delete('a')
  expect([...map.set('c', 3).keys()]).toEqual(['b', 'c'])
})
