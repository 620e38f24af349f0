import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseCallLine, ProtocolFlaw } from '../../../../agents/hosting/call-lines.ts'
import { nodeFailure } from '../../../../agents/hosting/calls.ts'
import { createLineCalls } from '../../../../agents/hosting/line-calls.ts'
import type { Answers, LineCalls } from '../../../../agents/hosting/line-calls.ts'
import { LumosError } from '../../../../core/errors.ts'
import { isJsonObject } from '../../../../core/json.ts'
import { LIMITS } from '../../../../core/limits.ts'

const WINDOW = LIMITS.hostCallWindow.value

/** Both ends of a pipe; what is held of the caller at the answering end. */
function pair(answers: Answers) {
  const held = { calls: 0, bytes: 0 }
  const said: string[] = []
  const asking: LineCalls = end({}, (text) => hear(answering, text))
  const answering: LineCalls = end(answers, (text) => {
    said.push(text)
    hear(asking, text)
  })

  function end(own: Answers, write: (text: string) => void): LineCalls {
    return createLineCalls(
      {
        write: async (text) => write(text),
        answers: own,
        failureOf: nodeFailure,
        account(calls, bytes) {
          held.calls += calls
          held.bytes += bytes
        }
      },
      '1'
    )
  }
  return { asking, answering, held, said }
}

function hear(end: LineCalls, text: string): void {
  const value: unknown = JSON.parse(text)
  const line = isJsonObject(value) ? parseCallLine(value) : undefined
  if (line !== undefined) end.hear(line, text.length)
}

async function settle(): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- turn by turn, until nothing is under way
  for (let turn = 0; turn < 20; turn++) await nextTurn()
}

async function* hundred() {
  for (let item = 0; item < 100; item++) yield item
}

async function* vast() {
  for (;;) yield 'x'.repeat(1024 * 1024)
}

function wait(): Promise<never> {
  return new Promise(() => undefined)
}

/** Counts without end, and how far it came. */
function counter() {
  const state = { told: 0, closed: false }
  async function* count() {
    try {
      for (;;) yield ++state.told
    } finally {
      state.closed = true
    }
  }
  return { state, count }
}

test('a value comes back, and a failure with its code', async () => {
  const { asking, held } = pair({
    double: async ({ params }) => Number(params['n']) * 2,
    fail: async () => {
      throw new LumosError('TOOL_INPUT', { details: { reason: 'no' } })
    }
  })
  expect(await asking.call('double', { n: 21 })).toBe(42)
  await expect(asking.call('fail', {})).rejects.toMatchObject({
    code: 'TOOL_INPUT',
    details: { reason: 'no' }
  })
  await expect(asking.call('other', {})).rejects.toMatchObject({ code: 'UNSUPPORTED_OPERATION' })
  await settle()
  expect(held).toEqual({ calls: 0, bytes: 0 })
})

test('a stream goes no further than its window until somebody takes of it', async () => {
  const { state, count } = counter()
  const { asking } = pair({ count })
  const stream = asking.stream('count', {})
  expect(await stream.next()).toEqual({ done: false, value: 1 })
  await settle()
  expect(state.told).toBe(WINDOW)
  for (let taken = 1; taken < WINDOW * 3; taken++) {
    // oxlint-disable-next-line no-await-in-loop -- one item after the other
    expect((await stream.next()).value).toBe(taken + 1)
  }
  await settle()
  expect(state.told).toBeLessThanOrEqual(WINDOW * 4)
  await stream.return(null)
})

test('a stream that nobody takes holds up no other call', async () => {
  const { count } = counter()
  const { asking } = pair({ count, now: async () => 'now' })
  const stream = asking.stream('count', {})
  await stream.next()
  await settle()
  expect(await asking.call('now', {})).toBe('now')
  await stream.return(null)
})

test('whoever leaves a stream ends it at the other end', async () => {
  const { state, count } = counter()
  const { asking, held } = pair({ count })
  for await (const item of asking.stream('count', {})) if (item === 3) break
  await settle()
  expect(state.closed).toBe(true)
  expect(held).toEqual({ calls: 0, bytes: 0 })
})

test('an abort ends the call here at once and there with its signal', async () => {
  let there: AbortSignal | undefined
  const { asking } = pair({
    wait: ({ signal }) => {
      there = signal
      return new Promise(() => undefined)
    }
  })
  const controller = new AbortController()
  const waiting = asking.call('wait', {}, { signal: controller.signal })
  await settle()
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  await settle()
  expect(there?.aborted).toBe(true)
})

test('with the end of the run all that is open ends, at both ends', async () => {
  const { state, count } = counter()
  const { asking, answering, held } = pair({ count, wait })
  const stream = asking.stream('count', {})
  await stream.next()
  const waiting = asking.call('wait', {})
  const over = new LumosError('CANCELLED')
  asking.close(over)
  answering.close(over)
  await expect(waiting).rejects.toBe(over)
  await expect(asking.call('wait', {})).rejects.toBe(over)
  await settle()
  expect(state.closed).toBe(true)
  await stream.return(null)
  expect(held).toEqual({ calls: 0, bytes: 0 })
})

test('without a window a stream comes as one list, within what a line may have', async () => {
  const { asking } = pair({ hundred, vast })
  expect(await asking.call('hundred', {})).toHaveLength(100)
  await expect(asking.call('vast', {})).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
})

test('more items than were wanted are no honest end', async () => {
  const { asking } = pair({ wait })
  const stream = asking.stream('wait', {})
  void stream.next().catch(() => undefined)
  const item = { type: 'item', run: '1', call: '1', value: 0 } as const
  for (let count = 0; count < WINDOW; count++) asking.hear(item, 10)
  expect(() => asking.hear(item, 10)).toThrow(ProtocolFlaw)
  asking.close(new LumosError('CANCELLED'))
})

test('no lines, in whatever order, leave anything behind', async () => {
  const id = fc.constantFrom('1', '2', '3', 'x')
  const line = fc.oneof(
    fc.record({
      type: fc.constant('call' as const),
      run: fc.constant('1'),
      call: id,
      method: fc.constantFrom('count', 'wait', 'now', '__proto__', 'constructor'),
      params: fc.constant({})
    }),
    fc.record({
      type: fc.constant('call' as const),
      run: fc.constant('1'),
      call: id,
      method: fc.constantFrom('count', 'wait'),
      params: fc.constant({}),
      window: fc.integer({ min: 1, max: 2 ** 50 })
    }),
    fc.record({
      type: fc.constant('item' as const),
      run: fc.constant('1'),
      call: id,
      value: fc.constant(7)
    }),
    fc.record({ type: fc.constant('reply' as const), run: fc.constant('1'), call: id }),
    fc.record({
      type: fc.constant('more' as const),
      run: fc.constant('1'),
      call: id,
      count: fc.integer({ min: 1, max: 2 ** 50 })
    }),
    fc.record({ type: fc.constant('drop' as const), run: fc.constant('1'), call: id })
  )
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 40 }), async (lines) => {
      const { answering, held } = pair({ count: hundred, wait, now: async () => 'now' })
      const own = answering.call('nobody answers', {}).catch(() => undefined)
      for (const each of lines) {
        try {
          answering.hear(each, 10)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolFlaw)
        }
        // oxlint-disable-next-line no-await-in-loop -- some of it happens before the next line
        if (each.call === 'x') await nextTurn()
      }
      answering.close(new LumosError('CANCELLED'))
      await own
      await settle()
      expect(held).toEqual({ calls: 0, bytes: 0 })
    }),
    { numRuns: 150 }
  )
})
