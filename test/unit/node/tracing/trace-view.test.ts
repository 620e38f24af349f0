/** One tree of the spans of several nodes, whatever their clocks say and whatever peers make up. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { traceView } from '../../../../node/tracing/trace-view.ts'
import type { ToldSpan } from '../../../../protocols/trace/messages.ts'

const NOW = 1_800_000_000_000
const INIT = { task: 't', trace: 'a'.repeat(32), now: NOW + 1000 }

const id = (number: number): string => number.toString(16).padStart(16, '0')

function span(number: number, parent: number, init: Partial<ToldSpan> = {}): ToldSpan {
  return {
    id: id(number),
    parent: parent === 0 ? '' : id(parent),
    name: 'run',
    node: { id: 'a', name: 'a' },
    start: NOW,
    took: 10,
    attributes: {},
    events: [],
    error: '',
    ...init
  }
}

function view(...spans: readonly ToldSpan[]) {
  return traceView({ spans, missing: [], dropped: 0 }, INIT)
}

test('what another node did begins no earlier than it was asked for, however its clock goes', () => {
  const node = { id: 'b', name: 'b' }
  const { spans, startedAt } = view(
    span(1, 0, { took: 100 }),
    span(2, 1, { start: NOW + 10, took: 80, name: 'attempt' }),
    // An hour behind; what it did in 5 ms and 15 ms stays 10 ms apart.
    span(3, 2, { node, start: NOW - 3_600_000, took: 5, name: 'accept' }),
    span(4, 2, { node, start: NOW - 3_600_000 + 10, took: 20 }),
    span(5, 4, {
      node,
      start: NOW - 3_600_000 + 12,
      took: 2,
      events: [{ name: 'said', at: NOW - 3_600_000 + 13 }]
    })
  )
  expect(spans.map(({ depth, startMs }) => [depth, startMs])).toEqual([
    [0, 0],
    [1, 10],
    [2, 10],
    [2, 20],
    [3, 22]
  ])
  expect(spans[4]?.events).toEqual([{ name: 'said', atMs: 23 }])
  expect(startedAt).toBe(new Date(NOW).toISOString())
})

test('what goes on lasts until now', () => {
  const { tookMs, spans } = view(span(1, 0, { took: null }))
  expect(tookMs).toBe(1000)
  expect(spans[0]?.tookMs).toBeNull()
})

test('spans in a circle, of themselves and of nobody are shown all the same', () => {
  const { spans } = view(span(1, 2), span(2, 1), span(3, 3), span(4, 9))
  expect(new Set(spans.map((one) => one.id)).size).toBe(4)
})

test('no trace at all is an answer, too', () => {
  expect(view()).toMatchObject({ spans: [], tookMs: 0, startedAt: '' })
})

test('whatever peers tell, each span is there once, never before the beginning, behind its parent', () => {
  const told = fc.record({
    number: fc.integer({ min: 1, max: 12 }),
    parent: fc.integer({ min: 0, max: 12 }),
    node: fc.constantFrom('a', 'b', 'c'),
    start: fc.integer({ min: 0, max: 2 * NOW }),
    took: fc.option(fc.integer({ min: 0, max: 1e9 }))
  })
  fc.assert(
    fc.property(fc.array(told, { maxLength: 20 }), (all) => {
      const { spans } = view(
        ...all.map(({ number, parent, node, ...rest }) =>
          span(number, parent, { node: { id: node, name: node }, ...rest })
        )
      )
      expect(spans).toHaveLength(new Set(all.map(({ number }) => number)).size)
      spans.forEach(({ parent, startMs, depth }, at) => {
        expect(startMs).toBeGreaterThanOrEqual(0)
        if (parent === '') return
        const above = spans.slice(0, at).find((one) => one.id === parent)
        expect(above?.depth).toBe(depth - 1)
        expect(startMs).toBeGreaterThanOrEqual((above?.startMs ?? 0) - 0.001)
      })
    })
  )
})
