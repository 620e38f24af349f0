/** The door for OpenAI clients, as the `openai` package comes in by it: chat completions of agents of all kinds. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import OpenAI from 'openai'
import { llmAgent } from '../../agents/llm/llm-agent.ts'
import { a2aBetween, startAssembly, testAgent } from '../support/a2a-nodes.ts'
import type { StartedAssembly } from '../support/a2a-nodes.ts'
import { modelsAt, refusal, startOpenAiNode, WEATHER } from '../support/openai-node.ts'
import type { OpenAiNode } from '../support/openai-node.ts'
import { PATIENCE } from '../support/patience.ts'

let worker: StartedAssembly
let node: OpenAiNode
let openai: OpenAI

beforeAll(async () => {
  const far = testAgent('far', async function* ({ text }) {
    yield `far ${text}`
  })
  const scout = llmAgent({ id: 'scout', description: 'Scouts.', instructions: 'You scout.' })
  node = await startOpenAiNode()
  openai = node.client()
  worker = await startAssembly([far, scout], { models: modelsAt(node.models) })
  await a2aBetween(node.assembly, worker.assembly)
  const { directory } = node.assembly.capabilities
  await vi.waitFor(() => {
    const { cards = [] } = directory.peer(worker.assembly.wire.identity.peer) ?? {}
    if (cards.length < 2) throw new Error('the cards of the worker are on their way')
  }, PATIENCE)
})

afterAll(async () => {
  await node.stop()
  await worker.stop()
})

function say(content: string) {
  return [{ role: 'user' as const, content }]
}

/** What the node asked its model last. */
function lastAsked(): Readonly<Record<string, unknown>> {
  return node.models.requests.at(-1)?.body ?? {}
}

test('agents are models, under their names and those of their nodes', async () => {
  const ids: string[] = []
  for await (const { id } of openai.models.list()) ids.push(id)
  const { name } = node.assembly.wire
  expect(ids).toEqual(expect.arrayContaining(['echo', `echo@${name}`, 'far', 'guide']))
  const one = await openai.models.retrieve(`echo@${name}`)
  expect(one).toMatchObject({ id: `echo@${name}`, object: 'model', owned_by: name })
  expect(one.created).toBeGreaterThan(1_700_000_000)
})

test.each(['echo', 'far'])('%s answers with the last words of a user', async (model) => {
  const messages = [{ role: 'system' as const, content: 'ignored' }, ...say('hello, swarm')]
  const answer = await openai.chat.completions.create({ model, messages, temperature: 0 })
  expect(answer).toMatchObject({
    object: 'chat.completion',
    model,
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', refusal: null } }],
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
  })
  expect(answer.choices[0]?.message.content).toMatch(/^(far )?hello, swarm$/)
})

test('images and files get to an agent as parts, and its files back as links', async () => {
  const answer = await openai.chat.completions.create({
    model: 'gallery',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image_url', image_url: { url: 'data:image/gif;base64,R0k=' } },
          {
            type: 'file',
            file: { file_data: 'data:application/pdf;base64,UERG', filename: 'a.pdf' }
          }
        ]
      }
    ]
  })
  const [given = '', link] = answer.choices[0]?.message.content?.split('\n\n') ?? []
  expect(JSON.parse(given)).toEqual([
    { text: 'look' },
    { raw: 'R0k=', mediaType: 'image/gif' },
    { raw: 'UERG', mediaType: 'application/pdf', filename: 'a.pdf' }
  ])
  expect(link).toBe('![hi.png](data:image/png;base64,aGk=)')
})

test.each([
  ['guide', 'You guide.'],
  ['scout', 'You scout.']
])('%s is given the whole chat, behind its own instructions', async (model, own) => {
  const answer = await openai.chat.completions.create({
    model,
    messages: [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'I am Ada.' },
      { role: 'assistant', content: 'Hello Ada.' },
      { role: 'user', content: 'Who am I?' }
    ],
    max_completion_tokens: 9
  })
  expect(answer.choices[0]?.message.content).toBe('Who am I?')
  expect(answer.usage?.completion_tokens).toBe(3)
  expect(answer.usage?.prompt_tokens).toBeGreaterThan(0)
  expect(lastAsked()).toMatchObject({
    max_completion_tokens: 9,
    messages: [
      { role: 'system', content: `${own}\n\nBe short.` },
      { role: 'user', content: 'I am Ada.' },
      { role: 'assistant', content: 'Hello Ada.' },
      { role: 'user', content: 'Who am I?' }
    ]
  })
})

test('members that are null are not there, also for the agent', async () => {
  const nulls = { tools: null, tool_choice: null, response_format: null, stop: null, seed: null }
  const body = { model: 'guide', messages: say('hi'), stream: null, audio: null, ...nulls }
  const answer = await openai.post('/chat/completions', { body })
  expect(answer).toMatchObject({ choices: [{ message: { content: 'hi' } }] })
  expect(Object.keys(lastAsked())).not.toEqual(expect.arrayContaining(['stop']))
})

test('an answer comes as it is said, and with what it cost when that is wanted', async () => {
  const stream = openai.chat.completions.stream({
    model: 'guide',
    messages: say('one two three'),
    stream_options: { include_usage: true }
  })
  const pieces: string[] = []
  stream.on('content', (piece) => pieces.push(piece))
  const { choices, usage } = await stream.finalChatCompletion()
  expect(pieces.length).toBeGreaterThan(1)
  expect(pieces.join('')).toBe('one two three')
  expect(choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'one two three' } })
  expect(usage?.completion_tokens).toBe(3)
})

test.each(['guide', 'scout'])('%s calls tools of its caller, and hears of them', async (model) => {
  const order = '!call weather {"city": "Rome"}\n!call weather {"city": "Oslo"}'
  const runner = openai.chat.completions.runTools({
    model,
    messages: say(order),
    tools: [
      {
        type: 'function',
        function: {
          ...WEATHER.function,
          parse: JSON.parse as (input: string) => { city: string },
          function: ({ city }: { city: string }) => `sunny in ${city}`
        }
      }
    ]
  })
  expect(await runner.finalContent()).toBe('sunny in Rome\nsunny in Oslo')
  expect(lastAsked()['tools']).toEqual([WEATHER])
  const calls = runner.messages.flatMap((message) =>
    message.role === 'assistant' ? (message.tool_calls ?? []) : []
  )
  expect(calls.map(({ id }) => id)).toEqual(['call_0_weather', 'call_1_weather'])
})

test('calls of tools come in a stream, too', async () => {
  const stream = openai.chat.completions.stream({
    model: 'guide',
    messages: say('!say I look.\n!call weather {"city": "Rome"}'),
    tools: [WEATHER]
  })
  const { choices } = await stream.finalChatCompletion()
  expect(choices[0]).toMatchObject({
    finish_reason: 'tool_calls',
    message: {
      content: 'I look.',
      tool_calls: [{ function: { name: 'weather', arguments: '{"city": "Rome"}' } }]
    }
  })
})

test('an answer has the form that is asked for', async () => {
  const schema = { type: 'object', properties: { city: { type: 'string' } } }
  const answer = await openai.chat.completions.create({
    model: 'guide',
    messages: say('Rome'),
    response_format: { type: 'json_schema', json_schema: { name: 'place', schema } }
  })
  expect(answer.choices[0]?.message.content).toBe('{"city":"Rome"}')
})

test('whoever hangs up stops the task and what its model was asked', async () => {
  const { events } = node.models
  const closed = new Promise((resolve) => events.once('closedEarly', resolve))
  const stream = await openai.chat.completions.create({
    model: 'guide',
    messages: say('!tokens 1000\n!every 100'),
    stream: true
  })
  for await (const { choices } of stream) if (choices[0]?.delta.content) break
  await closed
  const { delegations } = node.assembly.work
  await vi.waitFor(async () => {
    const [task] = await delegations.list({ limit: 1 })
    expect(task?.state).toBe('TASK_STATE_CANCELED')
  }, PATIENCE)
})

test('an answer that nobody waits for any more is stopped before its first word, too', async () => {
  const { events } = node.models
  const asked = new Promise((resolve) => events.once('request', resolve))
  const closed = new Promise((resolve) => events.once('closedEarly', resolve))
  const leaving = new AbortController()
  const messages = say('!pause 600000')
  const options = { signal: leaving.signal }
  const answer = openai.chat.completions.create({ model: 'guide', messages }, options)
  await asked
  leaving.abort()
  await expect(answer).rejects.toThrow(OpenAI.APIUserAbortError)
  await closed
})

test('a question of an agent is its answer, and its task waits for nobody', async () => {
  const answer = await openai.chat.completions.create({ model: 'travel', messages: say('go') })
  expect(answer.choices[0]).toMatchObject({
    finish_reason: 'stop',
    message: { content: 'So far.\n\nWhere to?' }
  })
  const { delegations } = node.assembly.work
  const id = answer.id.slice('chatcmpl-'.length)
  await vi.waitFor(async () => {
    expect((await delegations.find(id))?.state).toBe('TASK_STATE_CANCELED')
  }, PATIENCE)
})

test('a failed agent is a failed request, and nothing is told of its inside', async () => {
  const asked = { model: 'fails', messages: say('go') }
  const error = await refusal(openai.chat.completions.create(asked))
  expect(error).toMatchObject({ status: 500, code: 'AGENT_FAILED', type: 'server_error' })
  expect(error.headers?.get('x-should-retry')).toBe('false')
  expect(error.message).not.toContain('secret')
  const stream = await openai.chat.completions.create({ ...asked, stream: true })
  const told: string[] = []
  const reading = async (): Promise<void> => {
    for await (const { choices } of stream) told.push(choices[0]?.delta.content ?? '')
  }
  await expect(reading()).rejects.toMatchObject({ code: 'AGENT_FAILED' })
  expect(told.join('')).toBe('so far')
})
