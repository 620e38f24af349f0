/** What the door for OpenAI clients refuses, in the words that they understand. */
import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import type OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { refusal, startOpenAiNode, WEATHER } from '../support/openai-node.ts'
import type { OpenAiNode } from '../support/openai-node.ts'

let node: OpenAiNode
let openai: OpenAI

beforeAll(async () => {
  node = await startOpenAiNode()
  openai = node.client()
})

afterAll(() => node.stop())

function say(content: string) {
  return [{ role: 'user' as const, content }]
}

test.each([
  [
    'a model that is none',
    { model: 'nobody' },
    { status: 404, code: 'model_not_found', param: 'model' }
  ],
  ['tools for an agent that takes none', { tools: [WEATHER] }, { status: 400, param: 'tools' }],
  [
    'a form that an agent does not give',
    { response_format: { type: 'json_object' as const } },
    { status: 400, param: 'response_format' }
  ],
  ['several answers', { n: 2 }, { status: 400, param: 'n' }],
  ['probabilities', { logprobs: true }, { status: 400, param: 'logprobs' }],
  ['no message', { messages: [] }, { status: 400, param: 'messages' }],
  [
    'a message of nobody',
    { messages: [{ role: 'boss', content: 'go' }] as never },
    { status: 400, param: 'messages[0].role' }
  ],
  [
    'a tool to be called, and none there',
    { tool_choice: 'required' as const },
    { status: 400, param: 'tool_choice' }
  ],
  [
    'a file that is no base64',
    {
      messages: [
        {
          role: 'user' as const,
          content: [{ type: 'file' as const, file: { file_data: 'data:a/b;base64,%%%' } }]
        }
      ]
    },
    { status: 400 }
  ]
])('%s is refused', async (_, more, expected) => {
  const asked = { model: 'echo', messages: say('hi'), ...more }
  const error = await refusal(openai.chat.completions.create(asked))
  expect(error).toMatchObject({ type: 'invalid_request_error', ...expected })
  expect(error.error).toMatchObject({ message: expect.stringMatching(/\w/) })
})

test.each([
  ['no JSON', '{', { status: 400 }],
  ['nothing', '', { status: 400 }],
  ['a list', '[]', { status: 400 }]
])('a body of %s is refused', async (_, body, expected) => {
  const headers = { 'content-type': 'application/json' }
  const error = await refusal(
    openai.post('/chat/completions', { body: Buffer.from(body), headers })
  )
  expect(error).toMatchObject({ type: 'invalid_request_error', ...expected })
})

test('a body for which there is no room is refused before it has come', async () => {
  const asked = request(`${node.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await node.token()}`,
      'content-type': 'application/json',
      'content-length': 21 * 1_048_576
    }
  })
  asked.flushHeaders()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  expect(answer.statusCode).toBe(413)
  expect(await json(answer)).toMatchObject({
    error: { type: 'invalid_request_error', code: 'PAYLOAD_TOO_LARGE' }
  })
  asked.destroy()
})

test('a path that is none is refused in the same words', async () => {
  const error = await refusal(openai.get('/responses/x/y/z'))
  expect(error).toMatchObject({ status: 404, code: 'unknown_url', type: 'invalid_request_error' })
  expect((await refusal(openai.models.retrieve('%zz'))).status).toBe(404)
})

test('without a token, and with another, nobody comes in', async () => {
  for (const key of ['sk-none', 'lumos_0_0']) {
    const error = await refusal(node.client(key).models.list())
    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key' })
  }
})

test('a token without the scope gives no tasks, and one of its tasks is not for others', async () => {
  const reader = node.client(await node.token(['memory/read']))
  const asked = { model: 'echo', messages: say('hi') }
  const error = await refusal(reader.chat.completions.create(asked))
  expect(error).toMatchObject({ status: 403, code: 'insufficient_permissions' })
})
