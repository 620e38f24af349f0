/** What `lumos run` shows of an agent's work: single quiet lines, and what it cost. */
import { expect, test } from 'vitest'
import { createTestCli } from '../../support/cli.ts'
import { lines } from '../../support/control-operations.ts'
import {
  calculated,
  chunk,
  events,
  result,
  routed,
  step,
  type Unnumbered
} from '../../support/run-events.ts'

function setup(list: readonly Unnumbered[]) {
  return { cli: createTestCli({ run: () => lines(events(list)) }) }
}

const called = [
  calculated.start,
  step({ kind: 'tool-text', callId: '1', text: 'on it' }),
  calculated.end
]

test('a tool call is one quiet line on stderr, and the closing line says what a model cost', async () => {
  const { cli } = setup([
    routed,
    ...called,
    step({
      kind: 'usage',
      step: 1,
      model: 'a/b',
      inputTokens: 1200,
      outputTokens: 30,
      cost: 0.002
    }),
    step({ kind: 'usage', step: 2, model: 'a/b', inputTokens: 34, outputTokens: 6, cost: 0.001 }),
    step({ kind: 'step-end', step: 2, finish: 'stop', tookMs: 900 }),
    chunk('504', false),
    result('TASK_STATE_COMPLETED')
  ])
  expect(await (await cli).run(['run', 'chat', 'six times 84?'])).toEqual({
    code: 0,
    out: '504\n',
    err: `→ echo on bob   direct, best of 2, found in 3 ms
⚙ tool calc@eve 84*6 = 504 (11 ms)
✓ 214 ms, first event after 31 ms   bob   task …7f3a9c1e   1,234 → 36 tokens   $0.003
`
  })
})

test('a tool that failed says why, and a model that was replaced is told of', async () => {
  const error = { code: 'TOOL_DENIED', message: 'not allowed\nhere' }
  const { cli } = setup([
    step({ kind: 'tool-start', callId: '2', tool: 'shell', input: { command: 'rm', args: ['x'] } }),
    step({ kind: 'tool-end', callId: '2', tool: 'shell', ok: false, tookMs: 1, error }),
    step({ kind: 'error', code: 'MODEL_LIMITED', message: 'too many requests' }),
    result('TASK_STATE_COMPLETED')
  ])
  const { err } = await (await cli).run(['run', 'chat', 'x'])
  expect(err).toMatch(`✗ tool shell {"command":"rm","args":["x"]}: not allowed here (1 ms)
! too many requests
`)
})

test('a tool line does not tear the text of a terminal, and is cut to its width', async () => {
  const long = 'x'.repeat(500)
  const { cli } = setup([
    chunk('Let me see', false),
    step({ kind: 'tool-start', callId: '3', tool: 'read', input: { path: long } }),
    step({ kind: 'tool-end', callId: '3', tool: 'read', ok: true, tookMs: 2, output: long }),
    chunk('done', true),
    result('TASK_STATE_COMPLETED')
  ])
  const terminal = { columns: 60, env: { TERM: 'dumb' } }
  const { out, err } = await (await cli).run(['run', 'chat', 'x'], terminal)
  expect(out).toBe('Let me see\ndone\n')
  for (const line of err.split('\n')) expect(line.length).toBeLessThanOrEqual(60)
})

test('what strangers put into a step cannot touch the terminal', async () => {
  const evil = '\u001b]0;owned\u0007'
  const { cli } = setup([
    step({
      kind: 'tool-end',
      callId: '4',
      tool: evil,
      ok: true,
      tookMs: 2,
      output: evil,
      node: evil
    }),
    result('TASK_STATE_COMPLETED')
  ])
  expect((await (await cli).run(['run', 'chat', 'x'])).err).not.toContain('\u001b')
})
