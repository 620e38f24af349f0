/** Asking a model: what streams, what is tried again, what ends a request, and what never shows. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type { Model } from '../../../../agents/models/model.ts'
import { createModelProvider } from '../../../../agents/models/openai-provider.ts'
import { createModelTransport } from '../../../../agents/models/transport.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { Secret } from '../../../../core/secret.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import type { ModelReply, ModelServerOptions } from '../../../support/model-server.ts'
import { startModelServer } from '../../../support/model-server.ts'
import { seededRandom } from '../../../support/random.ts'

const KEY = 'sk-planted-7d1f'
const PROMPT = 'the secret word is xyzzy'

async function setup(options: ModelServerOptions & { readonly concurrency?: number } = {}) {
  const { concurrency = 4, ...rest } = options
  const server = await startModelServer({ key: KEY, ...rest })
  onTestFinished(() => server.stop())
  return { server, ...(await connect(server.url, concurrency)) }
}

async function connect(baseUrl: string, concurrency = 4) {
  const clock = new ManualClock()
  const transport = await createModelTransport(clock)
  onTestFinished(() => transport.close())
  const provider = createModelProvider(
    { clock, random: seededRandom(7), transport: async () => transport },
    { name: 'test', baseUrl, key: new Secret(KEY), concurrency }
  )
  return { clock, provider, model: provider.model('test-model') }
}

async function ask(model: Model, content = PROMPT, signal = new AbortController().signal) {
  const chunks = []
  for await (const chunk of model.stream({ messages: [{ role: 'user', content }] }, { signal })) {
    chunks.push(chunk)
  }
  return chunks
}

function textOf(chunks: Awaited<ReturnType<typeof ask>>) {
  return chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
}

/** One reply after the other, the last one for ever. */
function inTurn(...replies: readonly ModelReply[]) {
  let at = 0
  return () => replies[Math.min(at++, replies.length - 1)] ?? {}
}

/** Moves the clock until what is waited for has happened. */
async function inTime<T>(clock: ManualClock, promise: Promise<T>, most = 600_000): Promise<T> {
  const state = { open: true }
  const settled = promise.finally(() => (state.open = false))
  settled.catch(() => undefined)
  for (let moved = 0; state.open && moved < most; moved += 100) {
    await clock.advance(100)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return settled
}

test('chunks come while the answer is made, with the usage at the end', async () => {
  const held = Promise.withResolvers<void>()
  const { model } = await setup({
    respond: () => ({
      text: (async function* () {
        yield 'one '
        await held.promise
        yield 'two'
      })()
    })
  })
  const stream = model.stream({ messages: [] }, { signal: new AbortController().signal })
  const chunks = stream[Symbol.asyncIterator]()
  await chunks.next()
  const early = await chunks.next()
  expect(early.value).toMatchObject({ choices: [{ delta: { content: 'one ' } }] })
  held.resolve()
  const rest = []
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    rest.push(next.value)
  }
  expect(rest[0]).toMatchObject({ choices: [{ delta: { content: 'two' } }] })
  expect(rest.at(-1)?.usage).toMatchObject({ completion_tokens: 2 })
})

test('one connection serves one request after the other', async () => {
  const { model, server, clock } = await setup()
  for (let round = 0; round < 5; round += 1) expect(textOf(await ask(model))).toBe(PROMPT)
  // The second may begin before the end of the first was seen.
  expect(server.connections).toBeLessThanOrEqual(2)
  expect([server.open, server.closedEarly]).toEqual([0, 0])
  expect(clock.pending).toBe(0)
})

test('a connection is used again although the end of the message comes after the end of the stream', async () => {
  let connections = 0
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const choices = [{ index: 0, delta: { content: 'hi' }, finish_reason: 'stop' }]
    response.write(`data: ${JSON.stringify({ choices })}\n\ndata: [DONE]\n\n`)
    setImmediate(() => setImmediate(() => response.end()))
  })
  server.on('connection', () => (connections += 1))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => server.closeAllConnections())
  onTestFinished(() => void server.close())
  const { model } = await connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`)
  for (let round = 0; round < 3; round += 1) {
    const done = once(server, 'request').then(async ([, response]) => once(response, 'finish'))
    expect(textOf(await ask(model))).toBe('hi')
    await done
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  }
  expect(connections).toBe(1)
})

test.for(['before the first chunk', 'between chunks'] as const)(
  'aborting %s closes the request on the server’s side',
  async (moment) => {
    const { model, server } = await setup({
      respond: () => (moment === 'between chunks' ? endless() : { text: 'a', delayMs: 3_600_000 })
    })
    const stopped = new AbortController()
    const reason = new Error('the caller left')
    const asked = ask(model, PROMPT, stopped.signal)
    asked.catch(() => undefined)
    await once(server.events, 'request')
    const gone = once(server.events, 'closedEarly')
    stopped.abort(reason)
    await expect(asked).rejects.toBe(reason)
    await gone
    expect(server.open).toBe(0)
  }
)

function endless(): ModelReply {
  return {
    text: (async function* () {
      yield 'a'
      await new Promise(() => undefined)
    })()
  }
}

test('whoever leaves an answer early closes the request, too', async () => {
  const { model, server } = await setup({ respond: endless })
  const gone = once(server.events, 'closedEarly')
  const { signal } = new AbortController()
  for await (const _ of model.stream({ messages: [] }, { signal })) break
  await gone
  expect(server.open).toBe(0)
})

test.for([
  ['seconds', '3', 3000],
  ['a date', new Date(7000).toUTCString(), 7000]
] as const)('a Retry-After in %s is waited for', async ([, retryAfter, least]) => {
  const { model, clock, server } = await setup({
    respond: inTurn({ status: 429, retryAfter }, { text: 'now' })
  })
  const answer = ask(model)
  await once(server.events, 'request')
  expect(textOf(await inTime(clock, answer))).toBe('now')
  expect(clock.now()).toBeGreaterThanOrEqual(least)
  expect(clock.now()).toBeLessThan(least + LIMITS.modelBackoffFirst.value + 300)
})

test('a wait that nobody would sit out fails at once, and says how long it would be', async () => {
  const { model } = await setup({ respond: () => ({ status: 429, retryAfter: '3600' }) })
  await expect(ask(model)).rejects.toMatchObject({
    code: 'MODEL_LIMITED',
    details: { retryAfterMs: 3_600_000 }
  })
})

test('a server in trouble is asked four times, with waits that are spread', async () => {
  const { model, clock, server } = await setup({ respond: () => ({ status: 503 }) })
  const failure = inTime(clock, ask(model))
  await expect(failure).rejects.toMatchObject({ code: 'MODEL_FAILED', details: { status: 503 } })
  expect(server.requests).toHaveLength(LIMITS.modelTries.value)
  expect(clock.now()).toBeLessThan(500 + 1000 + 2000 + 400)
})

test.for([
  [{ status: 401 }, 'MODEL_REFUSED'],
  [{ status: 402 }, 'MODEL_LIMITED'],
  [{ status: 400 }, 'MODEL_REJECTED'],
  [{ status: 404 }, 'MODEL_REJECTED']
] as const)('%o is told at once as %s', async ([reply, code]) => {
  const { model, server } = await setup({ respond: () => reply })
  await expect(ask(model)).rejects.toMatchObject({ code })
  expect(server.requests).toHaveLength(1)
})

test('where nothing listens the failure is quick', async () => {
  const { model } = await connect('http://127.0.0.1:9/v1')
  await expect(ask(model)).rejects.toMatchObject({ code: 'MODEL_UNREACHABLE' })
})

test('an answer that breaks off is not asked for again', async () => {
  const { model, server } = await setup({ respond: () => ({ text: 'a b c', cutAfter: 2 }) })
  await expect(ask(model)).rejects.toMatchObject({ code: 'MODEL_FAILED' })
  expect(server.requests).toHaveLength(1)
})

test('a stream that ends in order but without a finish did break off', async () => {
  const server = createServer((_, response) => {
    const chunk = { choices: [{ index: 0, delta: { content: 'hal' }, finish_reason: null }] }
    response
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .end(`data: ${JSON.stringify(chunk)}\n\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { model } = await connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`)
  await expect(ask(model)).rejects.toMatchObject({
    code: 'MODEL_FAILED',
    details: { reason: 'its answer broke off' }
  })
})

test.for([
  ['before an answer', LIMITS.modelFirstChunk.value, { text: 'a', delayMs: 3_600_000 }],
  ['within an answer', LIMITS.modelIdle.value, undefined]
] as const)('silence %s ends the request', async ([, ms, reply]) => {
  const { model, clock, server } = await setup({ respond: () => reply ?? endless() })
  const gone = once(server.events, 'closedEarly')
  const asked = once(server.events, 'request')
  const answer = ask(model)
  answer.catch(() => undefined)
  await asked
  await inTime(clock, answer).catch(() => undefined)
  await expect(answer).rejects.toMatchObject({
    details: { reason: `it said nothing for ${ms} ms` }
  })
  await gone
})

test('a reader may take its time', async () => {
  const { model, clock } = await setup({ respond: () => ({ text: 'one two three' }) })
  const { signal } = new AbortController()
  let text = ''
  for await (const { choices } of model.stream({ messages: [] }, { signal })) {
    text += choices[0]?.delta.content ?? ''
    await clock.advance(3 * LIMITS.modelIdle.value)
  }
  expect(text).toBe('one two three')
})

test('requests above the limit wait in the order they came', async () => {
  const begun: unknown[] = []
  const holds: (() => void)[] = []
  const { model, server } = await setup({
    concurrency: 2,
    respond: async ({ body }) => {
      begun.push((body['messages'] as { content: string }[])[0]?.content)
      await new Promise<void>((resolve) => holds.push(resolve))
      return { text: 'done' }
    }
  })
  const answers = ['1', '2', '3', '4'].map((content) => ask(model, content))
  while (begun.length < 2) await once(server.events, 'request')
  expect(server.open).toBe(2)
  while (begun.length < 4 || holds.length > 0) {
    holds.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(answers)
  expect(begun.slice(2)).toEqual(['3', '4'])
})

test('vectors come in the order of the texts, in batches', async () => {
  const { provider, server } = await setup()
  const texts = Array.from({ length: LIMITS.modelEmbedBatch.value + 1 }, (_, at) => `text ${at}`)
  const { signal } = new AbortController()
  const vectors = await provider.embedding('test-model').embed(texts, { signal })
  expect(vectors).toHaveLength(texts.length)
  expect(vectors[0]).toBeInstanceOf(Float32Array)
  expect(server.requests).toHaveLength(2)
  const [alone] = await provider.embedding('test-model').embed([texts.at(-1) ?? ''], { signal })
  expect(vectors.at(-1)).toEqual(alone)
})

test.for([401, 429, 400, 500])(
  'no failure with status %i holds the key or the prompt, however deep one looks',
  async (status) => {
    const error = `You sent ${PROMPT} with ${KEY}`
    const { model, clock } = await setup({ respond: () => ({ status, error }) })
    const failure: unknown = await inTime(clock, ask(model)).catch((reason: unknown) => reason)
    const shown = inspect(failure, { depth: 20, showHidden: true }) + JSON.stringify(failure)
    expect(shown).toContain('MODEL_')
    expect(shown).not.toContain(KEY)
    expect(shown).not.toContain('xyzzy')
  }
)

test('a server without a key is sent none, and nothing that OpenAI’s variables hold', async () => {
  const server = await startModelServer()
  onTestFinished(() => server.stop())
  const clock = new ManualClock()
  const transport = await createModelTransport(clock)
  onTestFinished(() => transport.close())
  process.env['OPENAI_ORG_ID'] = 'org-planted'
  onTestFinished(() => void delete process.env['OPENAI_ORG_ID'])
  const provider = createModelProvider(
    { clock, random: seededRandom(1), transport: async () => transport },
    { name: 'local', baseUrl: server.url, concurrency: 1 }
  )
  await ask(provider.model('test-model'))
  expect(server.requests[0]?.headers.authorization).toBeUndefined()
  expect(JSON.stringify(server.requests[0]?.headers)).not.toContain('planted')
})
