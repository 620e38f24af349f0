import { expect, test } from 'vitest'
import type { Tool } from '../../../../agents/tools/tool.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { makeTool, openToolbox, use } from '../../../support/toolbox.ts'

/** A tool whose calls end one by one, when the test says so. */
function queue(more: Partial<Tool> = {}) {
  const ends: (() => void)[] = []
  const execute = () => new Promise<string>((resolve) => ends.push(() => resolve('done')))
  return { ends, tool: makeTool('queue', { concurrency: 2, execute, ...more }) }
}

test('limits of a tool let so many calls run at once, over all runs, and others wait for their turn', async () => {
  const { ends, tool: limited } = queue()
  const { box, run, clock } = await openToolbox([limited])
  const other = await run({ taskId: 'other' })({ tools: ['*'], onText: () => {} })
  const calls = [use(box, 'queue'), use(other, 'queue'), use(box, 'queue')]
  await clock.advance(0)
  expect(ends).toHaveLength(2)
  ends[0]?.()
  await calls[0]
  await clock.advance(0)
  expect(ends).toHaveLength(3)
  ends[1]?.()
  ends[2]?.()
  await Promise.all(calls)
})

test('limits of a tool hold for a call that was given up until its tool has really ended', async () => {
  const { ends, tool: limited } = queue({ concurrency: 1, timeoutMs: 10 })
  const { box, clock } = await openToolbox([limited])
  const given = use(box, 'queue')
  await clock.advance(10)
  expect(await given).toMatchObject({ code: 'TOOL_TIMED_OUT' })
  const next = use(box, 'queue')
  await clock.advance(5)
  expect(ends).toHaveLength(1)
  ends[0]?.()
  await clock.advance(5)
  expect(ends).toHaveLength(2)
  ends[1]?.()
  expect(await next).toMatchObject({ type: 'done' })
})

test('limits of a tool refuse what would wait behind too many, and forget who gives up', async () => {
  const { tool: limited } = queue({ concurrency: 1 })
  const { box, clock } = await openToolbox([limited])
  const run = new AbortController()
  const call = () => box.call({ callId: '1', tool: 'queue', input: '{}' }, run.signal)
  const calls = Array.from({ length: LIMITS.toolQueue.value + 1 }, call)
  const settled = Promise.allSettled(calls)
  await clock.advance(0)
  expect(await use(box, 'queue')).toMatchObject({ code: 'TOOL_BUSY' })
  run.abort(new Error('over'))
  const results = await settled
  expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['rejected']))
})

test('limits of a tool let so many calls through in a minute', async () => {
  const { box, clock } = await openToolbox([makeTool('web', { rate: 2 })])
  const codes = async () => [
    (await use(box, 'web')).type,
    (await use(box, 'web')).type,
    (await use(box, 'web')).type
  ]
  expect(await codes()).toEqual(['done', 'done', 'failed'])
  await clock.advance(30_000)
  expect(await codes()).toEqual(['done', 'failed', 'failed'])
})

test('limits of a tool are there for what has effects, unless it has its own; what has none may be called all the time', async () => {
  const { box } = await openToolbox([makeTool('web', { effects: ['network'] }), makeTool('calc')])
  const refused = { web: 0, calc: 0 }
  for (let calls = 0; calls <= LIMITS.toolRate.value; calls++) {
    for (const id of ['web', 'calc'] as const) {
      refused[id] += Number((await use(box, id)).type === 'failed')
    }
  }
  expect(refused).toEqual({ web: 1, calc: 0 })
})
