/** The waterfall of a task: which bars are where, and how old nodes come to have one. */
import { expect, test } from 'vitest'
import type { RunEvent } from '../../../client/api.ts'
import type { TraceSpan } from '../../../client/trace-api.ts'
import { traceOfTold } from '../../../web/model/told-trace.ts'
import { layOut } from '../../../web/model/waterfall.ts'

const birch = { id: 'B', name: 'birch' }
const otter = { id: 'O', name: 'otter' }

function span(id: string, depth: number, [startMs, tookMs]: readonly [number, number | null]) {
  const node = id.startsWith('o') ? otter : birch
  return {
    id,
    depth,
    startMs,
    tookMs,
    node,
    parent: '',
    name: 'task',
    subject: '',
    attributes: {},
    events: [],
    error: ''
  } satisfies TraceSpan
}

const spans = [
  span('b1', 0, [0, 100]),
  span('b2', 1, [10, 80]),
  span('o3', 2, [20, 60]),
  span('b4', 1, [95, null])
]

test('bars are where their spans are in time, also of those that go on', () => {
  const { rows, totalMs } = layOut({ spans, tookMs: 200, folded: new Set() })
  expect(totalMs).toBe(200)
  expect(rows.map(({ left, width }) => [left, width])).toEqual([
    [0, 0.5],
    [0.05, 0.4],
    [0.1, 0.3],
    [0.475, 0.525]
  ])
})

test('a folded span hides what hangs below it, and says how much', () => {
  const { rows } = layOut({ spans, tookMs: 100, folded: new Set(['b2', 'b4']) })
  expect(rows.map(({ span: { id }, below, folded }) => [id, below, folded])).toEqual([
    ['b1', 3, false],
    ['b2', 1, true],
    ['b4', 0, false]
  ])
})

test('each node has a lane, in the order in which they take part, folded or not', () => {
  const { rows, nodes } = layOut({ spans, tookMs: 100, folded: new Set() })
  expect(nodes.map(({ name }) => name)).toEqual(['birch', 'otter'])
  expect(rows.map(({ lane }) => lane)).toEqual([0, 0, 1, 0])
})

test.for([
  [430, [0, 100, 200, 300, 400]],
  [0.9, [0, 0.2, 0.4, 0.6, 0.8]]
] as const)('an axis of %d ms has round numbers', ([tookMs, expected]) => {
  const { ticks } = layOut({ spans: [], tookMs, folded: new Set() })
  for (const [place, ms] of expected.entries()) expect(ticks[place]?.ms).toBeCloseTo(ms)
  expect(ticks).toHaveLength(expected.length)
})

test('a clock that is behind, and no time at all, break no axis', () => {
  for (const tookMs of [0, 50]) {
    const { rows } = layOut({ spans: [span('o1', 0, [-20, 0])], tookMs, folded: new Set() })
    for (const { left, width } of rows) {
      expect(left).toBeGreaterThanOrEqual(0)
      expect(left + width).toBeLessThanOrEqual(1)
    }
  }
})

test('without traces, a task’s own story makes the waterfall', () => {
  const head = { v: 1, seq: 0 } as const
  const step = { kind: 'tool-start', callId: 'c', tool: 'calc' } as const
  const done = { kind: 'tool-end', callId: 'c', tool: 'calc', ok: true, tookMs: 5 } as const
  const working = { ...head, type: 'status', state: 'TASK_STATE_WORKING' } as const
  const events: RunEvent[] = [
    {
      ...head,
      type: 'routed',
      candidates: 1,
      worker: otter,
      agent: 'plan',
      path: 'direct',
      lookupMs: 1
    },
    { ...head, type: 'accepted', task: { id: 't' }, atMs: 8 },
    { ...working, step, atMs: 20 },
    { ...working, step: done, atMs: 25 },
    { ...head, type: 'waiting', worker: otter, error: { code: 'X', message: '' }, atMs: 30 }
  ]
  const createdAt = '2026-01-01T00:00:00.000Z'
  const state = 'TASK_STATE_WORKING'
  const { spans: told, tookMs } = traceOfTold({
    task: { id: 't', agent: 'plan', state, createdAt, tookMs: null, caller: birch },
    events,
    children: [
      {
        id: 'u',
        agent: 'calc',
        state,
        worker: birch,
        tookMs: 3,
        createdAt: '2026-01-01T00:00:00.021Z'
      }
    ],
    now: Date.parse(createdAt) + 50
  })
  expect(tookMs).toBe(50)
  expect(
    told.map(({ name, subject, node, startMs, tookMs: took }) => [
      name,
      subject,
      node.name,
      startMs,
      took
    ])
  ).toEqual([
    ['task', 'plan', 'birch', 0, null],
    ['accept', 'plan', 'otter', 0, 8],
    ['run', '', 'otter', 8, null],
    ['tool', 'calc', 'otter', 20, 5],
    ['task', 'calc', 'birch', 21, 3],
    ['away', '', 'otter', 30, null]
  ])
})
