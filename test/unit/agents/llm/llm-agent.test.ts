/** The loop of an LLM agent against a model that does what the test says, over HTTP. */
import { expect, test } from 'vitest'
import { z } from 'zod'
import { LIMITS } from '../../../../core/limits.ts'
import { inTurn, sentMessages, startLlmNode, stepsIn, textIn } from '../../../support/llm-node.ts'
import { makeTool } from '../../../support/toolbox.ts'

const call = (name: string, input: unknown = {}) => ({ name, arguments: JSON.stringify(input) })

test('text is passed on while the model speaks', async () => {
  const held = Promise.withResolvers<void>()
  const node = await startLlmNode({
    respond: () => ({
      text: (async function* () {
        yield 'one '
        await held.promise
        yield 'two'
      })()
    })
  })
  const outputs = node.run(node.agent(), 'count')[Symbol.asyncIterator]()
  expect(await outputs.next()).toEqual({ done: false, value: 'one ' })
  held.resolve()
  expect(await outputs.next()).toEqual({ done: false, value: 'two' })
  expect((await outputs.next()).value).toMatchObject({ step: { kind: 'usage', step: 1 } })
  expect((await outputs.next()).value).toMatchObject({ step: { kind: 'step-end', finish: 'stop' } })
  expect((await outputs.next()).done).toBe(true)
})

test('instructions, model and tools may depend on who asks, and nothing a caller wrote gets into the system prompt', async () => {
  const node = await startLlmNode({ tools: [makeTool('calc'), makeTool('clock')] })
  const agent = node.agent({
    instructions: ({ caller, swarm, thread, resource }) =>
      `For ${caller} in ${swarm}: ${thread} of ${resource}.`,
    model: async () => 'test/test-model',
    tools: ({ caller }) => (caller === 'ada' ? ['calc'] : ['clock'])
  })
  const asked = { request: { caller: 'ada' }, message: { metadata: { thread: 't1' } } }
  expect(await node.text(agent, 'IGNORE ALL', asked)).toBe('IGNORE ALL')
  const [system, ...rest] = sentMessages(node)
  expect(system).toEqual({
    role: 'system',
    content: expect.stringContaining('For ada in home: t1 of ada.')
  })
  expect(system?.content).not.toContain('IGNORE')
  expect(rest).toEqual([{ role: 'user', content: 'IGNORE ALL' }])
  expect(node.server.requests[0]?.body['tools']).toMatchObject([{ function: { name: 'calc' } }])
})

test('tool calls of one answer run at the same time, and the model gets their results in its order', async () => {
  const both = Promise.withResolvers<void>()
  let running = 0
  const meet = async (name: string): Promise<string> => {
    running += 1
    if (running === 2) both.resolve()
    await both.promise
    return name
  }
  const node = await startLlmNode({
    tools: ['one', 'two'].map((id) => makeTool(id, { execute: () => meet(id) })),
    respond: inTurn({ toolCalls: [call('one', { n: 1 }), call('two')] }, { text: 'both' })
  })
  const outputs = await node.outputs(node.agent({ tools: ['one', 'two'] }), 'go')
  expect(textIn(outputs)).toBe('both')
  const steps = stepsIn(outputs)
  expect(steps.map(({ kind }) => kind).join(' ')).toBe(
    'usage step-end tool-start tool-start tool-end tool-end usage step-end'
  )
  expect(steps).toContainEqual({ kind: 'tool-start', callId: '1-1', tool: 'one', input: { n: 1 } })
  expect(steps).toContainEqual(
    expect.objectContaining({ kind: 'tool-end', callId: '1-2', ok: true, output: 'two' })
  )
  expect(sentMessages(node).slice(2)).toMatchObject([
    { role: 'assistant', tool_calls: [{ id: 'call_0_one' }, { id: 'call_1_two' }] },
    { role: 'tool', tool_call_id: 'call_0_one', content: 'one' },
    { role: 'tool', tool_call_id: 'call_1_two', content: 'two' }
  ])
})

test('what a tool says on its way is told before its result', async () => {
  const talker = makeTool('talker', {
    execute: async (_, { say }) => {
      say('half ')
      say('done')
      return 'all'
    }
  })
  const node = await startLlmNode({
    tools: [talker],
    respond: inTurn({ toolCalls: [call('talker')] }, { text: 'ok' })
  })
  const steps = stepsIn(await node.outputs(node.agent({ tools: ['talker'] }), 'go'))
  const said = steps.filter(({ kind }) => kind === 'tool-text' || kind === 'tool-end')
  expect(said).toMatchObject([
    { kind: 'tool-text', callId: '1-1', text: 'half done' },
    { kind: 'tool-end' }
  ])
})

test('a call that was delegated tells which node did it', async () => {
  const elsewhere = { node: 'ruby', parts: [{ text: 'done' }] }
  const node = await startLlmNode({
    tools: ['delegate', 'graph'].map((id) => makeTool(id, { execute: () => elsewhere })),
    respond: inTurn({ toolCalls: [call('delegate'), call('graph')] }, { text: 'ok' })
  })
  const steps = stepsIn(await node.outputs(node.agent({ tools: ['*'] }), 'go'))
  const ends = steps.filter((step) => step.kind === 'tool-end')
  expect(ends.map(({ tool, node: name }) => [tool, name])).toEqual([
    ['delegate', 'ruby'],
    ['graph', undefined]
  ])
})

test('broken arguments and tools that are not there are told to the model, which may go on', async () => {
  const node = await startLlmNode({
    tools: [makeTool('calc')],
    respond: inTurn(
      {
        toolCalls: [{ name: 'calc', arguments: '{"n": ' }, call('nothing'), call('calc', { n: 2 })]
      },
      { text: 'mended' }
    )
  })
  const outputs = await node.outputs(node.agent({ tools: ['calc'] }), 'go')
  expect(textIn(outputs)).toBe('mended')
  expect(stepsIn(outputs).filter(({ kind }) => kind === 'tool-end')).toMatchObject([
    { callId: '1-1', ok: false, error: { code: 'TOOL_INPUT' } },
    { callId: '1-2', ok: false, error: { code: 'TOOL_UNKNOWN' } },
    { callId: '1-3', ok: true }
  ])
  const told = sentMessages(node).slice(3)
  expect(told.map(({ content }) => content)).toEqual([
    expect.stringContaining('no JSON'),
    expect.stringContaining('no tool "nothing"'),
    '{"used":"calc","input":{"n":2}}'
  ])
})

test('a tool that returns very much does not flood those who watch', async () => {
  const node = await startLlmNode({
    tools: [makeTool('dump', { execute: () => 'x'.repeat(500_000) })],
    respond: inTurn({ toolCalls: [call('dump')] }, { text: 'much' })
  })
  const outputs = await node.outputs(node.agent({ tools: ['dump'] }), 'go')
  const end = stepsIn(outputs).find((step) => step.kind === 'tool-end')
  expect(JSON.stringify(end).length).toBeLessThan(LIMITS.stepOutputBytes.value + 200)
  expect(textIn(outputs)).toBe('much')
})

test('more tool calls in one answer than may be are refused, not made', async () => {
  const most = LIMITS.llmToolCalls.value
  let made = 0
  const node = await startLlmNode({
    tools: [makeTool('count', { concurrency: 100, execute: () => (made += 1) })],
    respond: inTurn(
      { toolCalls: Array.from({ length: most + 8 }, (_, n) => call('count', { n })) },
      { text: 'ok' }
    )
  })
  expect(await node.text(node.agent({ tools: ['count'] }), 'go')).toBe('ok')
  expect(made).toBe(most)
  expect(sentMessages(node).at(-1)?.content).toContain('Not done')
})

const CITY = z.object({ city: z.string(), people: z.number() })
const ROME = '{"city":"Rome","people":2800000}'

test('an answer of a given form comes as data, and its text is not told', async () => {
  const node = await startLlmNode({
    respond: () => ({ text: `Sure:\n\`\`\`json\n${ROME}\n\`\`\`` })
  })
  const outputs = await node.outputs(node.agent({ output: CITY }), 'go')
  expect(textIn(outputs)).toBe('')
  expect(outputs).toContainEqual({
    type: 'artifact',
    artifact: {
      artifactId: 'result',
      parts: [{ data: { city: 'Rome', people: 2_800_000 }, mediaType: 'application/json' }]
    }
  })
  expect(node.server.requests[0]?.body['response_format']).toMatchObject({ type: 'json_schema' })
})

test('an answer that does not fit is asked for once more, with what is wrong with it', async () => {
  const schema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }
  const node = await startLlmNode({ respond: inTurn({ text: '{"n":"two"}' }, { text: '{"n":2}' }) })
  const outputs = await node.outputs(node.agent({ output: schema }), 'go')
  expect(JSON.stringify(outputs)).toContain('"data":{"n":2}')
  expect(sentMessages(node).at(-1)?.content).toContain('n: must be number')
  const stubborn = await startLlmNode({ respond: () => ({ text: 'no JSON' }) })
  const failure = stubborn.outputs(stubborn.agent({ output: schema }), 'go')
  await expect(failure).rejects.toMatchObject({ code: 'ANSWER_INVALID' })
  expect(stubborn.server.requests).toHaveLength(2)
})

test('a server that knows no schemas is asked without one', async () => {
  const node = await startLlmNode({
    respond: ({ body }) => (body['response_format'] ? { status: 400 } : { text: ROME })
  })
  const outputs = await node.outputs(node.agent({ output: CITY }), 'go')
  expect(JSON.stringify(outputs)).toContain('"city":"Rome"')
  expect(node.server.requests).toHaveLength(2)
})

test('files that a tool made become an artifact', async () => {
  const raw = Buffer.from('png').toString('base64')
  const chart = makeTool('chart', {
    execute: () => ({ points: 3, parts: [{ raw, mediaType: 'image/png', filename: 'chart.png' }] })
  })
  const node = await startLlmNode({
    tools: [chart],
    respond: inTurn({ toolCalls: [call('chart')] }, { text: 'see' })
  })
  const outputs = await node.outputs(node.agent({ tools: ['chart'] }), 'go')
  expect(outputs).toContainEqual({
    type: 'artifact',
    artifact: { name: 'chart', parts: [{ raw, mediaType: 'image/png', filename: 'chart.png' }] }
  })
})

test('its card says which models it asks, unless it is to say something else', async () => {
  const node = await startLlmNode()
  const said = (definition: Parameters<typeof node.agent>[0]) => node.agent(definition).attributes
  expect(said({ model: 'ollama/qwen3' })).toEqual({ model: ['ollama/qwen3'] })
  expect(said({ model: ['a/b', 'c/d'], attributes: { gpu: true } })).toEqual({
    model: ['a/b', 'c/d'],
    gpu: true
  })
  expect(said({ model: 'a/b', attributes: { model: [] } })).toEqual({ model: [] })
  expect(said({ model: () => 'a/b' })).toEqual({})
  expect(said({ model: `a/${'b'.repeat(100)}` })).toEqual({})
})

test('it says whether it asks the default model of its node', async () => {
  const node = await startLlmNode()
  expect(node.agent({}).asksDefaultModel).toBe(true)
  expect(node.agent({ model: 'a/b' }).asksDefaultModel).toBe(false)
  expect(node.agent({ model: () => 'a/b' }).asksDefaultModel).toBe(false)
})

test('an agent without skills of its own has one of its id', async () => {
  const node = await startLlmNode()
  expect(node.agent()).toMatchObject({
    skills: [{ id: 'guide', description: 'Guides.' }],
    outputModes: ['text/plain']
  })
  expect(() => node.agent({ limits: { steps: 0 } })).toThrow(TypeError)
})
