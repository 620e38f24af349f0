import { expect, test } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { below, NO_SPAN, NO_TRACER } from '../../../../core/trace.ts'
import { createSpanRing } from '../../../../node/tracing/span-ring.ts'
import type { KeptSpan, SpanRingInit } from '../../../../node/tracing/span-ring.ts'
import { createTracer } from '../../../../node/tracing/tracer.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/random.ts'

const TRACE = 'a'.repeat(32)

function setup({ sample = 1, ...init }: SpanRingInit & { sample?: number } = {}) {
  const clock = new ManualClock()
  const ring = createSpanRing(init)
  const exported: KeptSpan[] = []
  const tracer = createTracer(
    { clock, random: seededRandom(1), ring, onEnd: (span) => exported.push(span) },
    { sample }
  )
  return { clock, ring, tracer, exported }
}

test('a span knows its place, its time, and what it was', async () => {
  const { clock, ring, tracer } = setup()
  const outer = tracer.start('run', { trace: TRACE })
  const inner = tracer.start('tool', below({ trace: TRACE }, outer))
  inner.set('tool', 'files.read')
  await clock.advance(5)
  inner.event('said')
  await clock.advance(2)
  inner.fail(new LumosError('TOOL_DENIED'))
  inner.end()
  const [first, second] = ring.of(TRACE).spans
  expect(first).toMatchObject({ id: outer.id, parent: '', endedAt: undefined, error: '' })
  expect(second).toMatchObject({
    parent: outer.id,
    name: 'tool',
    attributes: { tool: 'files.read' },
    error: 'TOOL_DENIED'
  })
  expect(second && (second.endedAt ?? 0) - second.startedAt).toBe(7)
  expect(outer.id).toMatch(/^[0-9a-f]{16}$/)
  expect(outer.id).not.toBe(inner.id)
})

test('after its end nothing changes a span, and it is handed on once', () => {
  const { ring, tracer, exported } = setup()
  const span = tracer.start('run', { trace: TRACE })
  span.end()
  span.set('agent', 'late')
  span.event('late')
  span.fail('LATE')
  span.end()
  expect(ring.of(TRACE).spans[0]).toMatchObject({ attributes: {}, events: [], error: '' })
  expect(exported).toHaveLength(1)
})

test('what is set is bounded in number and length, and of an error only its kind is kept', () => {
  const { ring, tracer } = setup()
  const span = tracer.start('run', { trace: TRACE })
  for (let at = 0; at < 100; at += 1) span.set(`fact${at}`, 'x'.repeat(5000))
  for (let at = 0; at < 100; at += 1) span.event('y'.repeat(5000))
  span.fail(new RangeError('the secret of the user'))
  span.end()
  const [kept] = ring.of(TRACE).spans
  expect(Object.keys(kept?.attributes ?? {})).toHaveLength(LIMITS.spanAttributes.value)
  expect(kept?.events).toHaveLength(LIMITS.spanEvents.value)
  expect(kept?.error).toBe('RangeError')
  expect(JSON.stringify(kept).length).toBeLessThan(10_000)
})

test('what was used longest ago is forgotten first, the newest never', () => {
  const { ring, tracer } = setup({ most: 4 })
  const [a, b, c] = ['a', 'b', 'c'].map((letter) => letter.repeat(32)) as [string, string, string]
  for (const trace of [a, b, b, a, c]) tracer.start('run', { trace }).end()
  expect([a, b, c].map((trace) => ring.of(trace).spans.length)).toEqual([2, 0, 1])
  expect(ring.spans).toBe(3)
})

test('a trace without end loses its beginning, and says how much', () => {
  const { ring, tracer } = setup({ mostOfTrace: 16 })
  for (let at = 0; at < 100; at += 1) tracer.start(`span${at}`, { trace: TRACE }).end()
  const { spans, dropped } = ring.of(TRACE)
  expect(spans.at(-1)?.name).toBe('span99')
  expect(spans.length).toBeLessThanOrEqual(16)
  expect(spans.length + dropped).toBe(100)
})

test('facts count against the memory that spans may take', () => {
  const { ring, tracer } = setup({ mostBytes: 10_000 })
  for (let at = 0; at < 200; at += 1) {
    const span = tracer.start('run', { trace: at.toString(16).padStart(32, '0') })
    span.set('agent', 'x'.repeat(100))
    span.end()
  }
  expect(ring.bytes).toBeLessThanOrEqual(10_000 + 512)
  expect(ring.spans).toBeGreaterThan(10)
})

test('what its beginner does not want exported is kept here all the same', () => {
  const { ring, tracer, exported } = setup()
  const outer = tracer.start('run', { trace: TRACE, span: '1'.repeat(16), sampled: false })
  const inner = tracer.start('tool', below({ trace: TRACE }, outer))
  inner.end()
  outer.end()
  expect(exported).toEqual([])
  expect(ring.of(TRACE).spans).toHaveLength(2)
})

test('a part of the traces is exported, each of them whole', () => {
  const { tracer, exported } = setup({ sample: 0.25 })
  const random = seededRandom(7)
  for (let at = 0; at < 1000; at += 1) {
    const trace = Buffer.from(random.bytes(16)).toString('hex')
    tracer.start('task', { trace }).end()
    tracer.start('run', { trace, span: '1'.repeat(16) }).end()
  }
  const traces = new Map<string, number>()
  for (const { trace } of exported) traces.set(trace, (traces.get(trace) ?? 0) + 1)
  expect(new Set(traces.values())).toEqual(new Set([2]))
  expect(traces.size).toBeGreaterThan(200)
  expect(traces.size).toBeLessThan(300)
})

test('where nobody traces, nothing is made and nothing is handed on', () => {
  const span = NO_TRACER.start('run', { trace: TRACE })
  expect(span).toBe(NO_SPAN)
  const context = { trace: TRACE }
  expect(below(context, span)).toBe(context)
})
