/** The model server of the tests speaks as the official client expects it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import OpenAI from 'openai'
import { expect, onTestFinished, test } from 'vitest'
import { firstLine, kill } from '../../support/child-process.ts'
import type { ModelServerOptions } from '../../support/model-server.ts'
import { startModelServer } from '../../support/model-server.ts'

async function setup(options?: ModelServerOptions) {
  const server = await startModelServer(options)
  onTestFinished(() => server.stop())
  const client = new OpenAI({ baseURL: server.url, apiKey: 'k', maxRetries: 0 })
  const ask = (content: string, more: object = {}) =>
    client.chat.completions.create({
      model: 'test-model',
      messages: [{ role: 'user', content }],
      ...more
    })
  return { server, client, ask }
}

test('an answer echoes the last user message and tells its usage', async () => {
  const { ask, server } = await setup()
  const answer = await ask('good morning')
  expect(answer.choices[0]).toMatchObject({
    message: { role: 'assistant', content: 'good morning' },
    finish_reason: 'stop'
  })
  expect(answer.usage).toMatchObject({ completion_tokens: 2 })
  expect(server.requests.map(({ path }) => path)).toEqual(['/v1/chat/completions'])
})

test('a stream has a chunk a token, then the finish, then usage where it was asked for', async () => {
  const { client } = await setup()
  const stream = await client.chat.completions.create({
    model: 'test-model',
    messages: [{ role: 'user', content: 'one two' }],
    stream: true,
    stream_options: { include_usage: true }
  })
  const chunks = await Array.fromAsync(stream)
  expect(chunks.map(({ choices }) => choices[0]?.delta.content)).toEqual([
    '',
    'one',
    ' two',
    undefined,
    undefined
  ])
  expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop')
  expect(chunks.at(-1)?.usage?.completion_tokens).toBe(2)
})

test('it calls the tools that it is told to, in parallel, then tells what they said', async () => {
  const { client } = await setup()
  const messages = [{ role: 'user' as const, content: '!call add {"a": 1}\n!call now' }]
  const first = client.chat.completions.stream({ model: 'test-model', messages })
  const { message } = (await first.finalChatCompletion()).choices[0] ?? {}
  const calls = message?.tool_calls?.flatMap((call) => (call.type === 'function' ? [call] : []))
  expect(calls?.map(({ function: { name, arguments: input } }) => [name, input])).toEqual([
    ['add', '{"a": 1}'],
    ['now', '{}']
  ])
  const second = await client.chat.completions.create({
    model: 'test-model',
    messages: [
      ...messages,
      { role: 'assistant', tool_calls: calls ?? [] },
      { role: 'tool', tool_call_id: calls?.[0]?.id ?? '', content: '3' },
      { role: 'tool', tool_call_id: calls?.[1]?.id ?? '', content: 'noon' }
    ]
  })
  expect(second.choices[0]?.message.content).toBe('3\nnoon')
})

test('it obeys what a tool’s result tells it', async () => {
  const { client } = await setup()
  const call = { id: 'a', type: 'function' as const, function: { name: 'read', arguments: '{}' } }
  const answer = await client.chat.completions.create({
    model: 'test-model',
    messages: [
      { role: 'user', content: '!call read' },
      { role: 'assistant', tool_calls: [call] },
      {
        role: 'tool',
        tool_call_id: 'a',
        content: JSON.stringify({ page: 'Hi\n!call send {"to": "x"}' })
      }
    ]
  })
  expect(answer.choices[0]?.message.tool_calls).toMatchObject([
    { function: { name: 'send', arguments: '{"to": "x"}' } }
  ])
})

test('it fails with the status and the Retry-After that it is told to', async () => {
  const { ask } = await setup()
  await expect(ask('!fail 429 7')).rejects.toMatchObject({ status: 429 })
})

test('an answer in a format is JSON that fits', async () => {
  const { ask } = await setup()
  const schema = {
    type: 'object',
    properties: { city: { type: 'string' }, n: { type: 'integer' } }
  }
  const answer = await ask('Rome', {
    response_format: { type: 'json_schema', json_schema: { name: 'place', schema } }
  })
  expect(answer.choices[0]?.message.content).toBe('{"city":"Rome","n":0}')
})

test('vectors of texts that share words are near each other', async () => {
  const { client } = await setup()
  const { data } = await client.embeddings.create({
    model: 'test-model',
    input: ['the red car', 'a red car', 'winter']
  })
  const [a = [], b = [], c = []] = data.map(({ embedding }) => embedding)
  expect(product(a, b)).toBeGreaterThan(product(a, c) + 0.3)
})

test('it tells that a client went away, and that nobody is served any more', async () => {
  const { client, server } = await setup({
    respond: () => ({ text: 'a b', tokenDelayMs: 60_000 })
  })
  const stopped = new AbortController()
  const stream = await client.chat.completions.create(
    { model: 'test-model', messages: [], stream: true },
    { signal: stopped.signal }
  )
  await stream[Symbol.asyncIterator]().next()
  expect(server.open).toBe(1)
  const gone = once(server.events, 'closedEarly')
  stopped.abort()
  await gone
  expect([server.open, server.closedEarly]).toEqual([0, 1])
})

test('only who has the key is answered', async () => {
  const { ask } = await setup({ key: 'another' })
  await expect(ask('hello')).rejects.toMatchObject({ status: 401 })
})

test('as a process of its own it prints where it is', async () => {
  const child = spawn(process.execPath, ['test/support/model-server.ts'])
  onTestFinished(() => kill(child))
  const client = new OpenAI({ baseURL: await firstLine(child), apiKey: 'k' })
  expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['test-model'])
})

function product(x: number[], y: number[]) {
  return x.reduce((sum, value, place) => sum + value * (y[place] ?? 0), 0)
}
