import { expect, test } from 'vitest'
import { asAgentStep } from '../../../core/agent-step.ts'
import type { AgentStep } from '../../../core/agent-step.ts'

const STEPS: AgentStep[] = [
  { kind: 'tool-start', callId: '1', tool: 'calc', input: { text: '1+1' } },
  { kind: 'tool-end', callId: '1', tool: 'calc', ok: true, tookMs: 3, output: 2, node: 'birch' },
  {
    kind: 'tool-end',
    callId: '1',
    tool: 'calc',
    ok: false,
    tookMs: 3,
    error: { code: 'TOOL_INPUT', message: 'no' }
  },
  { kind: 'tool-text', callId: '1', text: 'so' },
  { kind: 'step-end', step: 1, finish: 'stop', tookMs: 4 },
  { kind: 'usage', step: 1, model: 'a/b', inputTokens: 1, outputTokens: 2, cost: 0.1 },
  { kind: 'error', code: 'MODEL_FAILED', message: 'no' }
]

test.each(STEPS)('a step that was sent as JSON is that step: %j', (step) => {
  expect(asAgentStep(JSON.parse(JSON.stringify(step)))).toEqual(step)
})

test.each([
  undefined,
  null,
  'tool-start',
  [],
  {},
  { kind: 'a-later-kind' },
  { kind: 'toString' },
  { kind: 'tool-start', callId: 1, tool: 'calc' },
  { kind: 'tool-end', callId: '1', tool: 'calc', ok: true, tookMs: 1, node: 7 },
  { kind: 'usage', step: 1, model: 'a/b', inputTokens: 1, outputTokens: 2, cost: 'much' }
])('what is no step is passed over: %j', (value) => {
  expect(asAgentStep(value)).toBeUndefined()
})
