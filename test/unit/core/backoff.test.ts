import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fullJitter, halfJitter } from '../../../core/backoff.ts'

const BOUNDS = { first: 100, most: 5000 }
const constant = (value: number) => ({ next: () => value, bytes: () => new Uint8Array() })

test('the bound doubles from the first to the most', () => {
  const waits = [0, 1, 2, 5, 6, 1_000_000].map((attempt) =>
    halfJitter(constant(1), attempt, BOUNDS)
  )
  expect(waits).toEqual([100, 200, 400, 3200, 5000, 5000])
})

test('full jitter draws from nothing to the bound, half jitter from half of it', () => {
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, drawn) => {
      const bound = halfJitter(constant(1), attempt, BOUNDS)
      expect(fullJitter(constant(drawn), attempt, BOUNDS)).toBeCloseTo(bound * drawn)
      expect(halfJitter(constant(drawn), attempt, BOUNDS)).toBeCloseTo(bound * (0.5 + drawn / 2))
    })
  )
})
