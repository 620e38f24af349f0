/** What is spent is known, whatever a server or a model sends, and ends what has no more. */
import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import { expect, test } from 'vitest'
import { createAnswerBuilder } from '../../../../agents/llm/answer.ts'
import { createStructuredAnswer } from '../../../../agents/llm/structured-answer.ts'
import { createPurse } from '../../../../core/purse.ts'
import { startLlmNode } from '../../../support/llm-node.ts'
import { makeTool } from '../../../support/toolbox.ts'

function usageOf(usage: unknown) {
  const builder = createAnswerBuilder()
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- servers send what they like
  builder.add({ choices: [], usage } as unknown as ChatCompletionChunk)
  return builder.answer().usage
}

test('a usage that is no two numbers counts as none, and is guessed', () => {
  expect(usageOf({ prompt_tokens: 7, completion_tokens: 0 })).toEqual({ input: 7, output: 0 })
  expect(usageOf({ total_tokens: 7 })).toBeUndefined()
  expect(usageOf({ prompt_tokens: 7 })).toBeUndefined()
  expect(usageOf({ prompt_tokens: '7', completion_tokens: 7 })).toBeUndefined()
  expect(usageOf({ prompt_tokens: -7, completion_tokens: 7 })).toBeUndefined()
})

const CITY = { type: 'object', properties: { city: { type: 'string' } } }

test('an answer that the task has no more budget for is asked for once, of one model', async () => {
  const other = await startLlmNode()
  const node = await startLlmNode({
    others: { other: other.server.url },
    respond: () => ({ text: '{"city": "Rome"} '.repeat(100) })
  })
  const agent = node.agent({ output: CITY, model: ['test/test-model', 'other'] })
  const budget = createPurse({ tokens: 100 })
  const failure = node.outputs(agent, 'go', { request: { budget } })
  await expect(failure).rejects.toMatchObject({ code: 'BUDGET_SPENT' })
  expect(node.server.requests).toHaveLength(1)
  expect(other.server.requests).toHaveLength(0)
})

test('what a model writes for a tool is held to the budget as what it says is', async () => {
  const made: unknown[] = []
  const node = await startLlmNode({
    tools: [makeTool('note', { execute: (input) => made.push(input) })],
    respond: () => ({
      toolCalls: [{ name: 'note', arguments: JSON.stringify({ text: 'x'.repeat(20_000) }) }]
    })
  })
  const agent = node.agent({ tools: ['note'], limits: { outputTokens: 1000 } })
  await expect(node.outputs(agent, 'go')).rejects.toMatchObject({ code: 'AGENT_BUDGET' })
  expect(made).toEqual([])
})

test.for([
  ['```json\n{"city": "Rome"}\n```', { city: 'Rome' }],
  ['Here it is:\n```\n{"city": "Rome"}\n```\nDone.', { city: 'Rome' }],
  ['It is {"city": "Rome"}.', { city: 'Rome' }]
] as const)('an answer in %j is found', async ([text, value]) => {
  expect(await createStructuredAnswer(CITY).check(text)).toEqual({ value })
})

test('an answer of many empty lines holds nobody up', async () => {
  const answer = createStructuredAnswer(CITY)
  // A pattern that goes back over them takes minutes.
  expect(await answer.check(`\`\`\`json${'\n'.repeat(300_000)}`)).toEqual({ flaw: 'it is no JSON' })
})
