/** Responses, as the `openai` package asks for them: tasks that can be gone on from, asked for again and taken back. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type OpenAI from 'openai'
import type { ResponseInput } from 'openai/resources/responses/responses'
import { testAgent } from '../support/a2a-nodes.ts'
import { refusal, startOpenAiNode, WEATHER } from '../support/openai-node.ts'
import type { OpenAiNode } from '../support/openai-node.ts'
import { PATIENCE } from '../support/patience.ts'

const TOOL = { type: 'function' as const, ...WEATHER.function, strict: false }

let node: OpenAiNode
let openai: OpenAI

beforeAll(async () => {
  const slow = testAgent('slow', async function* ({ signal }) {
    yield 'begun'
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  })
  node = await startOpenAiNode([slow])
  openai = node.client()
})

afterAll(() => node.stop())

function lastMessages(): unknown {
  return node.models.requests.at(-1)?.body['messages']
}

test('a response has the words of an agent, and can be asked for again', async () => {
  const metadata = { project: 'x' }
  const made = await openai.responses.create({ model: 'echo', input: 'hello', metadata })
  expect(made).toMatchObject({
    object: 'response',
    status: 'completed',
    model: 'echo',
    output_text: 'hello',
    error: null,
    metadata,
    output: [{ type: 'message', role: 'assistant', status: 'completed' }],
    usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 }
  })
  expect(await openai.responses.retrieve(made.id)).toEqual(made)
})

test('what was said before goes to the agent again; instructions do not', async () => {
  const first = await openai.responses.create({
    model: 'guide',
    instructions: 'Be short.',
    input: [
      { role: 'user', content: 'I am Ada.' },
      { role: 'assistant', content: 'Hello.' },
      { role: 'user', content: [{ type: 'input_text', text: 'Who am I?' }] }
    ]
  })
  expect(first.output_text).toBe('Who am I?')
  expect(first.usage?.output_tokens).toBe(3)
  expect(await openai.responses.retrieve(first.id)).toEqual(first)
  await openai.responses.create({
    model: 'guide',
    instructions: 'In Latin.',
    previous_response_id: first.id,
    input: 'And you?'
  })
  expect(lastMessages()).toEqual([
    { role: 'system', content: 'You guide.\n\nIn Latin.' },
    { role: 'user', content: 'I am Ada.' },
    { role: 'assistant', content: 'Hello.' },
    { role: 'user', content: [{ type: 'text', text: 'Who am I?' }] },
    { role: 'assistant', content: 'Who am I?' },
    { role: 'user', content: 'And you?' }
  ])
})

test('calls of the tools of a caller are items, and so are their results', async () => {
  const first = await openai.responses.create({
    model: 'guide',
    input: '!say I look.\n!call weather {"city": "Rome"}',
    tools: [TOOL]
  })
  const [, call] = first.output
  expect(call).toMatchObject({
    type: 'function_call',
    call_id: 'call_0_weather',
    name: 'weather',
    arguments: '{"city": "Rome"}'
  })
  const output: ResponseInput = [
    { type: 'function_call_output', call_id: 'call_0_weather', output: 'sunny' }
  ]
  const second = await openai.responses.create({
    model: 'guide',
    previous_response_id: first.id,
    input: output,
    tools: [TOOL]
  })
  expect(second.output_text).toBe('sunny')
  // Without the node's memory, as one list of items.
  const whole = await openai.responses.create({
    model: 'guide',
    input: [{ role: 'user', content: 'Rome?' }, ...(first.output as ResponseInput), ...output],
    tools: [TOOL]
  })
  expect(whole.output_text).toBe('sunny')
  expect(lastMessages()).toMatchObject([
    { role: 'system' },
    { role: 'user', content: 'Rome?' },
    { role: 'assistant', content: 'I look.', tool_calls: [{ id: 'call_0_weather' }] },
    { role: 'tool', tool_call_id: 'call_0_weather', content: 'sunny' }
  ])
})

test('a stream tells the response piece by piece, and ends with the same', async () => {
  const stream = openai.responses.stream({
    model: 'guide',
    input: '!say one two\n!call weather {"city": "Rome"}',
    tools: [TOOL]
  })
  const types: string[] = []
  const numbers: number[] = []
  let text = ''
  for await (const event of stream) {
    types.push(event.type)
    numbers.push(event.sequence_number)
    if (event.type === 'response.output_text.delta') text += event.delta
  }
  const whole = await stream.finalResponse()
  expect(text).toBe('one two')
  expect(types.filter((type, at) => type !== types[at - 1])).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.content_part.added',
    'response.output_text.delta',
    'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.output_item.added',
    'response.function_call_arguments.delta',
    'response.function_call_arguments.done',
    'response.output_item.done',
    'response.completed'
  ])
  expect(numbers).toEqual(numbers.map((_, at) => at))
  expect(whole.output).toMatchObject([{ type: 'message' }, { type: 'function_call' }])
  const again = await openai.responses.retrieve(whole.id)
  expect(again.output).toMatchObject([{ type: 'message' }, { type: 'function_call' }])
})

test('a response has the form that is asked for', async () => {
  const schema = { type: 'object', properties: { city: { type: 'string' } } }
  const format = { type: 'json_schema' as const, name: 'place', schema }
  const asked = { model: 'guide', input: 'Rome', text: { format } }
  const made = await openai.responses.create(asked)
  expect(made.output_text).toBe('{"city":"Rome"}')
  expect(made.text?.format).toEqual(format)
})

test('an agent that asks back is answered by the next response, in the same task', async () => {
  const first = await openai.responses.create({ model: 'travel', input: 'go' })
  expect(first.output_text).toBe('So far.\n\nWhere to?')
  const second = await openai.responses.create({
    model: 'travel',
    previous_response_id: first.id,
    input: 'Rome'
  })
  expect(second).toMatchObject({ output_text: 'Off to Rome.', previous_response_id: first.id })
  expect(second.id).toBe(`${first.id}_2`)
  expect(await openai.responses.retrieve(first.id)).toEqual(first)
  expect(await openai.responses.retrieve(second.id)).toEqual(second)
  const late = openai.responses.create({
    model: 'travel',
    previous_response_id: first.id,
    input: 'Oslo'
  })
  expect(await refusal(late)).toMatchObject({ status: 400, param: 'previous_response_id' })
})

test('a response in the background goes on alone, and can be cancelled', async () => {
  const begun = await openai.responses.create({ model: 'echo', input: 'hi', background: true })
  expect(begun).toMatchObject({ status: 'queued', background: true })
  await vi.waitFor(async () => {
    expect(await openai.responses.retrieve(begun.id)).toMatchObject({ output_text: 'hi' })
  }, PATIENCE)
  const endless = await openai.responses.create({ model: 'slow', input: 'hi', background: true })
  await vi.waitFor(async () => {
    expect(await openai.responses.retrieve(endless.id)).toMatchObject({ status: 'in_progress' })
  }, PATIENCE)
  expect(await openai.responses.cancel(endless.id)).toMatchObject({ status: 'cancelled' })
  expect(await openai.responses.retrieve(endless.id)).toMatchObject({ status: 'cancelled' })
})

test('a stream of one in the background may be left: the task goes on', async () => {
  const stream = await openai.responses.create({
    model: 'slow',
    input: 'hi',
    background: true,
    stream: true
  })
  let id = ''
  for await (const event of stream) {
    if (event.type === 'response.created') id = event.response.id
    if (event.type === 'response.output_text.delta') break
  }
  await vi.waitFor(async () => {
    expect(await openai.responses.retrieve(id)).toMatchObject({ status: 'in_progress' })
  }, PATIENCE)
  expect(await openai.responses.cancel(id)).toMatchObject({ status: 'cancelled' })
})

test('whoever hangs up cancels any other', async () => {
  const stream = await openai.responses.create({ model: 'slow', input: 'hi', stream: true })
  let id = ''
  for await (const event of stream) {
    if (event.type === 'response.created') id = event.response.id
    if (event.type === 'response.output_text.delta') break
  }
  await vi.waitFor(async () => {
    expect(await openai.responses.retrieve(id)).toMatchObject({ status: 'cancelled' })
  }, PATIENCE)
})

test('one that failed says so, as an answer, as a stream and later', async () => {
  const asked = { model: 'fails', input: 'hi' }
  expect(await refusal(openai.responses.create(asked))).toMatchObject({
    status: 500,
    code: 'AGENT_FAILED'
  })
  const stream = await openai.responses.create({ ...asked, stream: true })
  const events = await Array.fromAsync(stream)
  const last = events.at(-1)
  expect(last).toMatchObject({
    type: 'response.failed',
    response: { status: 'failed', error: { code: 'AGENT_FAILED' }, output: [] }
  })
  if (last?.type !== 'response.failed') throw new Error('it did not fail')
  expect(await openai.responses.retrieve(last.response.id)).toMatchObject({ status: 'failed' })
})

test('a response that was deleted, or was never to be stored, is not there', async () => {
  const { id } = await openai.responses.create({ model: 'echo', input: 'hi' })
  await openai.responses.delete(id)
  expect(await refusal(openai.responses.retrieve(id))).toMatchObject({ status: 404 })
  const waiting = await openai.responses.create({ model: 'travel', input: 'hi' })
  await openai.responses.delete(waiting.id)
  expect(await refusal(openai.responses.retrieve(waiting.id))).toMatchObject({ status: 404 })
  const unkept = await openai.responses.create({ model: 'echo', input: 'hi', store: false })
  expect(await refusal(openai.responses.retrieve(unkept.id))).toMatchObject({ status: 404 })
})

test("another's response is not there", async () => {
  const { id } = await openai.responses.create({ model: 'echo', input: 'mine' })
  const other = node.client(await node.token())
  expect(await refusal(other.responses.retrieve(id))).toMatchObject({ status: 404 })
  expect(await refusal(other.responses.delete(id))).toMatchObject({ status: 404 })
  expect(await refusal(other.responses.cancel(id))).toMatchObject({ status: 404 })
  const from = { model: 'echo', previous_response_id: id, input: 'yours' }
  expect(await refusal(other.responses.create(from))).toMatchObject({
    status: 400,
    param: 'previous_response_id'
  })
})

test.each([
  ['a tool that only OpenAI has', { tools: [{ type: 'web_search' as const }] }, 'tools[0].type'],
  ['tools for an agent that takes none', { tools: [TOOL] }, 'tools'],
  ['a conversation', { conversation: 'conv_1' }, 'conversation'],
  ['an item of another server', { input: [{ type: 'item_reference' as const, id: 'x' }] }, 'input'],
  ['what is not stored, in the background', { background: true, store: false }, 'background'],
  ['no input', { input: [] }, 'input']
])('%s is refused', async (_, more, param) => {
  const error = await refusal(openai.responses.create({ model: 'echo', input: 'hi', ...more }))
  expect(error).toMatchObject({ status: 400, type: 'invalid_request_error' })
  expect(error.param).toContain(param)
})
