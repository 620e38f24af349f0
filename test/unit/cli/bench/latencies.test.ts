import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLatencies, fairness } from '../../../../cli/bench/latencies.ts'

test('has nothing to say without any', () => {
  expect(createLatencies().quantile(0.5)).toBeNull()
})

test('quantiles are those of the sorted list, right to one per cent', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0.01, 0.5, 0.95, 0.99, 1),
      (list, share) => {
        const latencies = createLatencies()
        for (const ms of list) latencies.add(ms)
        const sorted = list.toSorted((a, b) => a - b)
        const exact = sorted[Math.max(1, Math.ceil(share * list.length)) - 1] ?? 0
        const told = latencies.quantile(share) ?? 0
        expect(Math.abs(told - exact)).toBeLessThanOrEqual(0.01 * exact)
        expect(told).toBeLessThanOrEqual(latencies.maxMs)
      }
    )
  )
})

test.for([
  [[5, 5, 5], 1],
  [[9, 0, 0], 1 / 3],
  [[0, 0], 1],
  [[], 1]
] as const)('shares %j are fair by %d', ([shares, index]) => {
  expect(fairness(shares)).toBeCloseTo(index, 9)
})
