/** Counters and histograms: what they add up to, and that names of others cannot make more and more of them. */
import { expect, test } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { createCounter, createHistogram, OTHER } from '../../../core/metrics.ts'

const MOST = LIMITS.metricSeries.value

test('a series is the same for the same labels, and its own for others', () => {
  const counter = createCounter({ name: 'x_total', help: '', labels: ['a', 'b'] })
  counter.of('1', '2').value += 1
  counter.of('1', '2').value += 1
  counter.of('2', '1').value += 5
  expect([...counter.all()]).toEqual([
    { labels: ['1', '2'], cell: { value: 2 } },
    { labels: ['2', '1'], cell: { value: 5 } }
  ])
})

test('a counter without labels has one series', () => {
  const counter = createCounter({ name: 'x_total', help: '', labels: [] })
  counter.of().value += 1
  counter.of().value += 1
  expect([...counter.all()]).toEqual([{ labels: [], cell: { value: 2 } }])
})

test('beyond the limit names of others are counted together, and what is known goes on', () => {
  const spec = { name: 'x_total', help: '', labels: ['skill', 'outcome'], open: ['skill'] }
  const counter = createCounter(spec)
  for (let skill = 0; skill < 5 * MOST; skill += 1) counter.of(`s${skill}`, 'ok').value += 1
  counter.of('never heard of', 'failed').value += 1
  counter.of('s0', 'ok').value += 1
  const all = [...counter.all()]
  expect(all).toHaveLength(MOST + 2)
  expect(counter.of('s0', 'ok').value).toBe(2)
  expect(counter.of(OTHER, 'ok').value).toBe(4 * MOST)
  expect(counter.of(OTHER, 'failed').value).toBe(1)
  expect(all.reduce((sum, { cell }) => sum + cell.value, 0)).toBe(5 * MOST + 2)
})

test('long names are cut, and count together with what they are cut to', () => {
  const counter = createCounter({ name: 'x_total', help: '', labels: ['skill'], open: ['skill'] })
  counter.of('a'.repeat(10_000)).value += 1
  counter.of('a'.repeat(64)).value += 1
  expect([...counter.all()]).toEqual([{ labels: ['a'.repeat(64)], cell: { value: 2 } }])
})

test('a value counts in the bucket whose bound it does not exceed', () => {
  const spec = { name: 'x_seconds', help: '', labels: [], buckets: [0.1, 1, 10] }
  const distribution = createHistogram(spec).of()
  for (const value of [0, 0.1, 0.11, 1, 10, 10.1, 1e9]) distribution.observe(value)
  expect([...distribution.counts]).toEqual([2, 2, 1, 2])
  expect(distribution.sum).toBeCloseTo(1e9 + 21.31)
})
