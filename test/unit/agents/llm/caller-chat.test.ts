import { expect, test } from 'vitest'
import type { AgentOutput } from '../../../../agents/agent.ts'
import { tool } from '../../../../agents/tools/define-tool.ts'
import { CHAT_EXTENSION, toolCallsIn } from '../../../../core/chat-request.ts'
import type { JsonObject } from '../../../../core/json.ts'
import { inTurn, sentMessages, startLlmNode, stepsIn } from '../../../support/llm-node.ts'

const WEATHER = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'The weather of a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' } } }
  }
} as const

const OWN = tool({
  id: 'own',
  description: 'Is of the node.',
  inputSchema: { type: 'object' },
  execute: async () => 'done'
})

function bring(chat: JsonObject) {
  return { message: { metadata: { [CHAT_EXTENSION]: chat } } }
}

function callsIn(outputs: readonly AgentOutput[]) {
  return outputs.flatMap((output) =>
    typeof output === 'object' && output.type === 'artifact'
      ? output.artifact.parts.flatMap(toolCallsIn)
      : []
  )
}

test('takes a whole chat to the model, behind its own instructions, and nothing of its memory', async () => {
  const node = await startLlmNode()
  const chat = {
    instructions: 'Today.',
    messages: [
      { role: 'developer', content: 'Be short.' },
      { role: 'user', content: 'I am Ada.' },
      { role: 'assistant', content: 'Hello Ada.' },
      { role: 'user', content: [{ type: 'text', text: 'Who am I?' }] }
    ]
  }
  const text = await node.text(node.agent({ memory: true }), 'for the log', bring(chat))
  expect(text).toBe('Who am I?')
  expect(sentMessages(node)).toEqual([
    { role: 'system', content: 'You guide.\n\nBe short.\n\nToday.' },
    { role: 'user', content: 'I am Ada.' },
    { role: 'assistant', content: 'Hello Ada.' },
    { role: 'user', content: [{ type: 'text', text: 'Who am I?' }] }
  ])
})

test('hands calls of the tools of its caller back, and offers none of its own beside them', async () => {
  const node = await startLlmNode({
    tools: [OWN],
    respond: inTurn({
      text: 'Let me see.',
      toolCalls: [
        { name: 'weather', arguments: '{"city":"Rome"}' },
        { name: 'weather', arguments: '{"city":' }
      ]
    })
  })
  const chat = {
    messages: [{ role: 'user', content: 'Rome?' }],
    tools: [WEATHER],
    tool_choice: 'required',
    parallel_tool_calls: true
  }
  const agent = node.agent({ tools: ['own'], settings: { tool_choice: 'none' } })
  const outputs = await node.outputs(agent, 'Rome?', bring(chat))
  expect(callsIn(outputs)).toEqual([
    { id: 'call_0_weather', name: 'weather', arguments: '{"city":"Rome"}' },
    { id: 'call_1_weather', name: 'weather', arguments: '{"city":' }
  ])
  expect(outputs.filter((output) => typeof output === 'string').join('')).toBe('Let me see.')
  expect(stepsIn(outputs)).toContainEqual(expect.objectContaining({ finish: 'tool_calls' }))
  expect(node.server.requests).toHaveLength(1)
  expect(node.server.requests[0]?.body).toMatchObject({
    tools: [WEATHER],
    tool_choice: 'required',
    parallel_tool_calls: true
  })
})

test('goes on with what the tools of its caller said', async () => {
  const node = await startLlmNode()
  const call = {
    id: 'c1',
    type: 'function',
    function: { name: 'weather', arguments: '{"city":"Rome"}' }
  }
  const chat = {
    messages: [
      { role: 'user', content: 'Rome?' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c1', content: 'sunny' }
    ],
    tools: [WEATHER]
  }
  expect(await node.text(node.agent(), 'Rome?', bring(chat))).toBe('sunny')
  expect(sentMessages(node).slice(1)).toEqual(chat.messages)
})

test('lets its caller choose form and length of the answer before its own settings', async () => {
  const node = await startLlmNode()
  const format = {
    type: 'json_schema',
    json_schema: {
      name: 'city',
      schema: { type: 'object', properties: { city: { type: 'string' } } }
    }
  }
  const chat = {
    messages: [{ role: 'user', content: 'Rome' }],
    response_format: format,
    max_completion_tokens: 7,
    temperature: 0.5
  }
  const agent = node.agent({ settings: { max_tokens: 100, temperature: 1, seed: 3 } })
  expect(JSON.parse(await node.text(agent, 'Rome', bring(chat)))).toEqual({ city: 'Rome' })
  const { body } = node.server.requests[0] ?? {}
  expect(body).toMatchObject({
    response_format: format,
    max_completion_tokens: 7,
    temperature: 0.5,
    seed: 3
  })
  expect(body).not.toHaveProperty('max_tokens')
  expect(sentMessages(node)[0]?.content).toContain('It fits this JSON Schema')
})

test.each([
  ['no messages', { messages: [] }, 'messages of the chat'],
  ['a role that is none', { messages: [{ role: 'boss', content: 'go' }] }, 'messages.0'],
  [
    'a part that no model takes',
    { messages: [{ role: 'user', content: [{ type: 'video', url: 'x' }] }] },
    'messages.0.content.0'
  ],
  ['instructions alone', { messages: [{ role: 'system', content: 'obey' }] }, 'nothing was said'],
  [
    'an image inside of the network of the model',
    {
      messages: [
        {
          role: 'user',
          content: [{ type: 'image_url', image_url: { url: 'https://192.168.0.1/a.png' } }]
        }
      ]
    },
    'public https'
  ],
  [
    'more text than a model is sent',
    { messages: [{ role: 'user', content: 'x'.repeat(1_048_577) }] },
    'text of 1048577 bytes'
  ],
  [
    'a tool without a usable name',
    {
      messages: [{ role: 'user', content: 'go' }],
      tools: [{ type: 'function', function: { name: 'a b' } }]
    },
    'tools.0.function.name'
  ]
])('refuses a chat with %s', async (_, chat, reason) => {
  const node = await startLlmNode()
  await expect(node.text(node.agent(), 'go', bring(chat))).rejects.toMatchObject({
    code: 'AGENT_INPUT',
    message: expect.stringContaining(reason)
  })
  expect(node.server.requests).toHaveLength(0)
})

test('refuses another form of the answer than its own', async () => {
  const node = await startLlmNode()
  const chat = {
    messages: [{ role: 'user', content: 'go' }],
    response_format: { type: 'json_object' }
  }
  const agent = node.agent({ output: { type: 'object' } })
  await expect(node.text(agent, 'go', bring(chat))).rejects.toMatchObject({ code: 'AGENT_INPUT' })
})
