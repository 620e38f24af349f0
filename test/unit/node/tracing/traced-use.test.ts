/** What an agent uses is seen with its names and amounts, and never with what was said. */
import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import { expect, test } from 'vitest'
import type { Model } from '../../../../agents/models/model.ts'
import type { Toolbox, ToolResult } from '../../../../agents/tools/tool.ts'
import { LumosError } from '../../../../core/errors.ts'
import type { Memory, SpaceMemory } from '../../../../core/memory.ts'
import { NO_TRACER } from '../../../../core/trace.ts'
import { createSpanRing } from '../../../../node/tracing/span-ring.ts'
import { tracedMemoryOf, tracedModels, tracedToolbox } from '../../../../node/tracing/traced-use.ts'
import { createTracer } from '../../../../node/tracing/tracer.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/random.ts'

const SECRET = 'correct horse battery staple'
const CHAIN = {
  trace: 'a'.repeat(32),
  span: 'b'.repeat(16),
  path: [],
  maxHops: 8,
  priority: 'normal' as const
}
const NEVER = new AbortController().signal

function setup() {
  const ring = createSpanRing()
  const tracer = createTracer(
    { clock: new ManualClock(), random: seededRandom(1), ring },
    { sample: 1 }
  )
  return {
    tracer,
    spans: () => ring.of(CHAIN.trace).spans,
    told: () => JSON.stringify(ring.of(CHAIN.trace))
  }
}

const chunk: ChatCompletionChunk = {
  id: 'c',
  created: 0,
  model: 'm',
  object: 'chat.completion.chunk',
  choices: []
}

function model(fails: boolean): Model {
  return {
    ref: 'openai/gpt-5-mini',
    async *stream() {
      yield { ...chunk, choices: [{ index: 0, delta: { content: SECRET }, finish_reason: null }] }
      if (fails) throw new LumosError('MODEL_LIMITED', { details: { reason: SECRET } })
      yield { ...chunk, usage: { prompt_tokens: 412, completion_tokens: 230, total_tokens: 642 } }
    }
  }
}

test('a call of a model has its name and its tokens', async () => {
  const { tracer, spans, told } = setup()
  const models = { get: () => model(false), defaults: () => [], embedding: () => undefined }
  const seen = tracedModels(tracer, CHAIN, models).get()
  const call = { messages: [{ role: 'user' as const, content: SECRET }] }
  expect(await Array.fromAsync(seen.stream(call, { signal: NEVER }))).toHaveLength(2)
  expect(spans()).toMatchObject([
    {
      name: 'model',
      parent: CHAIN.span,
      attributes: { model: 'openai/gpt-5-mini', inputTokens: 412, outputTokens: 230 },
      events: [{ name: 'first chunk' }],
      endedAt: expect.any(Number)
    }
  ])
  expect(told()).not.toContain(SECRET)
})

test('a model that fails, and one that nobody listens to any more, end their spans', async () => {
  const { tracer, spans, told } = setup()
  const models = { get: () => model(true), defaults: () => [], embedding: () => undefined }
  const seen = tracedModels(tracer, CHAIN, models).get()
  const stream = () => seen.stream({ messages: [] }, { signal: NEVER })
  await expect(Array.fromAsync(stream())).rejects.toMatchObject({ code: 'MODEL_LIMITED' })
  for await (const _ of stream()) break
  expect(spans()).toMatchObject([
    { error: 'MODEL_LIMITED', endedAt: expect.any(Number) },
    { error: '', endedAt: expect.any(Number) }
  ])
  expect(told()).not.toContain(SECRET)
})

test.for<readonly [string, ToolResult, object]>([
  [
    'files_read',
    { type: 'done', output: SECRET, text: SECRET, node: 'bob' },
    { error: '', attributes: { tool: 'files_read', node: 'bob' } }
  ],
  ['files_read', { type: 'failed', code: 'TOOL_DENIED', text: SECRET }, { error: 'TOOL_DENIED' }],
  ['files_read', { type: 'ask', question: SECRET }, { events: [{ name: 'asks' }] }],
  [
    SECRET,
    { type: 'failed', code: 'TOOL_UNKNOWN', text: SECRET },
    { attributes: { tool: 'unknown' } }
  ]
])('a call of a tool has its name and how it ended: %s %o', async ([tool, result, expected]) => {
  const { tracer, spans, told } = setup()
  const toolbox = {
    tools: [{ id: 'files_read' }],
    state: () => ({}),
    call: async () => result
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a tool only its name is looked at
  } as unknown as Toolbox
  const open = tracedToolbox(tracer, CHAIN, async () => toolbox)
  const seen = await open({ tools: [], onText: () => {} })
  expect(await seen.call({ callId: '1', tool, input: SECRET }, NEVER)).toBe(result)
  expect(spans()).toMatchObject([{ name: 'tool', parent: CHAIN.span, ...expected }])
  expect(told()).not.toContain(SECRET)
})

test('a use of memory has its operation and its space, not its key', async () => {
  const { tracer, spans, told } = setup()
  const fact = { key: SECRET, value: SECRET, writer: 'w', hlc: 'h' }
  const space = {
    name: 'shared',
    corner: '~a/',
    writer: 'a',
    put: async () => fact,
    get: async () => {
      throw new LumosError('STORE_FAILED')
    },
    async *list() {
      yield fact
    },
    threads: {}
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the rest of it is not used here
  } as unknown as SpaceMemory
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  const memory = { space: () => space, blobs: {} } as unknown as Memory
  const seen = tracedMemoryOf(tracer, { memory, chain: CHAIN }).memory.space()
  expect(await seen.put(SECRET, SECRET)).toBe(fact)
  await expect(seen.get(SECRET)).rejects.toMatchObject({ code: 'STORE_FAILED' })
  expect(await Array.fromAsync(seen.list({ prefix: SECRET }))).toEqual([fact])
  expect(spans()).toMatchObject([
    { attributes: { operation: 'put', space: 'shared' }, error: '' },
    { attributes: { operation: 'get' }, error: 'STORE_FAILED' },
    { attributes: { operation: 'list' }, endedAt: expect.any(Number) }
  ])
  expect(told()).not.toContain(SECRET)
})

test('while nobody traces, agents get what they would get without', () => {
  const models = { get: () => model(false), defaults: () => [], embedding: () => undefined }
  expect(tracedModels(NO_TRACER, CHAIN, models)).toBe(models)
  const open = () => Promise.reject(new Error(models.defaults().join()))
  expect(tracedToolbox(NO_TRACER, CHAIN, open)).toBe(open)
})
