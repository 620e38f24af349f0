import { expect, test, vi } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { FIRST_LINE_WAIT_MS } from '../../../../gateway/control/answers.ts'
import type { LocalDeed } from '../../../../gateway/control/audit-operations.ts'
import { createControlApp } from '../../../../gateway/control/app.ts'
import type { ControlOperations } from '../../../../gateway/control/operations.ts'
import { failure } from '../../../../gateway/control/schema/document.ts'
import { fakeAudit } from '../../../support/audit-operations.ts'
import { fakeOperations, lines, RUN_EVENTS } from '../../../support/control-operations.ts'
import { fakeModels } from '../../../support/model-operations.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const JSON_BODY = { 'content-type': 'application/json' }
const RUN = { target: 'echo', text: 'hello' }

function setup(overrides: Partial<ControlOperations> = {}) {
  const clock = new ManualClock()
  const stopping = new AbortController()
  const error = vi.fn<(message: string, fields?: object) => void>()
  const logger = { ...silentLogger, error }
  const operations = fakeOperations(overrides)
  const app = createControlApp({ operations, logger, clock }, stopping.signal)
  const post = (path: string, body: unknown, init: RequestInit = {}) =>
    app.request(path, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: JSON_BODY,
      ...init
    })
  return { app, clock, error, post, stopping }
}

test('never repeats a refused value, which may be a prompt', async () => {
  const { post } = setup()
  const response = await post('/v1/run', { target: 'echo', text: 'x', where: 'my secret' })
  expect(response.status).toBe(400)
  expect(await response.text()).not.toContain('my secret')
})

test('takes bodies of JSON only, which a web page cannot send without asking', async () => {
  const { post } = setup()
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
    const response = await post('/v1/run', RUN, { headers: { 'content-type': type } })
    expect(response.status).toBe(400)
  }
  const response = await post('/v1/run', RUN, {
    headers: { 'content-type': 'application/json; charset=utf-8' }
  })
  expect(response.status).toBe(200)
})

test.for([
  [{ origin: 'http://evil.example' }, 'Origin'],
  [{ origin: 'null' }, 'Origin'],
  [{ 'sec-fetch-site': 'same-origin' }, 'Sec-Fetch-Site'],
  [{ host: 'evil.example' }, 'Host'],
  [{ host: 'localhost.evil.example:80' }, 'Host']
] as const)('refuses a web page: %j', async ([headers, header]) => {
  const status = vi.fn<ControlOperations['status']>()
  const noted: LocalDeed[] = []
  const { app } = setup({ status, audit: fakeAudit(noted) })
  const response = await app.request('/v1/status', { headers })
  expect(response.status).toBe(403)
  expect(failure.parse(await response.json()).error).toMatchObject({
    code: 'BROWSER_REFUSED',
    details: { header }
  })
  expect(status).not.toHaveBeenCalled()
  expect(noted).toEqual([
    { did: 'request', what: header, allowed: false, reason: 'BROWSER_REFUSED' }
  ])
})

test.for(['localhost', 'localhost:5867', 'lumos', 'LOCALHOST'])(
  'answers a client that calls the node %s',
  async (host) => {
    const { app } = setup()
    expect((await app.request('/v1/status', { headers: { host } })).status).toBe(200)
  }
)

test('knows no other route, and says which methods a known one has', async () => {
  const { app } = setup()
  const unknown = await app.request('/v1/secrets')
  expect(unknown.status).toBe(404)
  expect(await unknown.json()).toMatchObject({ ok: false, error: { code: 'ROUTE_UNKNOWN' } })
  const wrong = await app.request('/v1/run')
  expect(wrong.status).toBe(405)
  expect(wrong.headers.get('allow')).toBe('POST')
  expect((await app.request('/v1/openapi.json', { method: 'DELETE' })).status).toBe(405)
})

test('refuses a body above the limit, announced or not', async () => {
  const { post } = setup()
  const limit = LIMITS.controlBodyBytes.value
  const announced = await post('/v1/run', '{}', {
    headers: { ...JSON_BODY, 'content-length': String(limit + 1) }
  })
  expect(announced.status).toBe(413)
  const chunk = new Uint8Array(2 ** 20).fill(0x20)
  let sent = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += chunk.length
      controller.enqueue(chunk)
    }
  })
  const endless = await post('/v1/run', undefined, { body, duplex: 'half' })
  expect(endless.status).toBe(413)
  expect(await endless.json()).toMatchObject({ error: { code: 'PAYLOAD_TOO_LARGE' } })
  expect(sent).toBeLessThan(limit + 4 * chunk.length)
})

test('gives every failure the status that fits its code', async () => {
  for (const [code, status] of [
    ['PEER_UNKNOWN', 404],
    ['PEER_AMBIGUOUS', 400],
    ['PATH_DENIED', 403],
    ['OVERLOADED', 429],
    ['PEER_UNREACHABLE', 502],
    ['SESSION_CLOSED', 503],
    ['TASK_CONFLICT', 409],
    ['TIMED_OUT', 504],
    ['START_FAILED', 500]
  ] as const) {
    const { app } = setup({ peers: () => Promise.reject(new LumosError(code)) })
    expect([code, (await app.request('/v1/peers')).status]).toEqual([code, status])
  }
})

test('keeps what broke inside to the log', async () => {
  const broken = new Error('password is 1234')
  const { app, error } = setup({
    status: () => {
      throw broken
    }
  })
  const response = await app.request('/v1/status')
  expect(response.status).toBe(500)
  const text = await response.text()
  expect(text).toContain('INTERNAL')
  expect(text).not.toContain('1234')
  expect(error.mock.lastCall?.[1]).toMatchObject({
    path: '/v1/status',
    error: broken
  })
})

test('gives up on an operation that outlasts its deadline, listening or not', async () => {
  let signal: AbortSignal | undefined
  const { app, clock } = setup({
    pingPeer: (_, given) => {
      signal = given
      return new Promise(() => {})
    }
  })
  const answer = app.request('/v1/peers/amber/ping', { method: 'POST' })
  await clock.advance(LIMITS.controlRequest.value)
  const response = await answer
  expect(response.status).toBe(504)
  expect(await response.json()).toMatchObject({
    error: { code: 'TIMED_OUT', details: { timeoutMs: LIMITS.controlRequest.value } }
  })
  expect(signal?.aborted).toBe(true)
  expect(clock.pending).toBe(0)
})

test('a model may take longer than any other answer: it may have to be loaded', async () => {
  const { clock, post } = setup({ models: fakeModels({ test: () => new Promise(() => {}) }) })
  const answer = post('/v1/model/test', {})
  await clock.advance(LIMITS.modelTest.value - 1)
  expect(clock.pending).toBe(1)
  await clock.advance(1)
  expect(await (await answer).json()).toMatchObject({
    error: { code: 'TIMED_OUT', details: { timeoutMs: LIMITS.modelTest.value } }
  })
})

test('puts a deadline of some part below into words', async () => {
  const { app } = setup({
    peers: () => Promise.reject(new DOMException('signal timed out', 'TimeoutError'))
  })
  const response = await app.request('/v1/peers')
  expect(response.status).toBe(504)
  expect(await response.json()).toMatchObject({ error: { code: 'TIMED_OUT' } })
})

test('answers a task that cannot begin with a status, not with a stream', async () => {
  const { post } = setup({
    run: async function* () {
      yield* []
      throw new LumosError('NO_ROUTE', { details: { capability: 'echo' } })
    }
  })
  const response = await post('/v1/run', RUN)
  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({ ok: false, error: { code: 'NO_ROUTE' } })
})

test('opens the stream of a task that is slow to say something', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { post, clock } = setup({
    run: async function* () {
      await promise
      yield* RUN_EVENTS
    }
  })
  const answer = post('/v1/run', RUN)
  await clock.advance(FIRST_LINE_WAIT_MS)
  const response = await answer
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/x-ndjson')
  resolve()
  expect((await response.text()).trimEnd().split('\n')).toHaveLength(RUN_EVENTS.length)
})

test('ends a broken stream with the failure as its last line', async () => {
  const { post } = setup({
    run: async function* () {
      yield* RUN_EVENTS.slice(0, 2)
      throw new LumosError('SESSION_CLOSED', { details: { peer: 'birch' } })
    }
  })
  const texts = (await (await post('/v1/run', RUN)).text()).trimEnd().split('\n')
  expect(texts).toHaveLength(3)
  expect(JSON.parse(texts[2] ?? '')).toMatchObject({ ok: false, error: { code: 'SESSION_CLOSED' } })
})

test('reads no further than the client does, and lets go when it leaves', async () => {
  let produced = 0
  const left = vi.fn<() => void>()
  let signal: AbortSignal | undefined
  const { app } = setup({
    taskEvents: async function* (_, given) {
      signal = given
      try {
        for (;;) {
          produced += 1
          yield* RUN_EVENTS.slice(0, 1)
        }
      } finally {
        left()
      }
    }
  })
  const response = await app.request('/v1/tasks/t1/events')
  const reader = response.body?.getReader()
  await reader?.read()
  await new Promise((resolve) => setImmediate(resolve))
  expect(produced).toBeLessThanOrEqual(4)
  await reader?.cancel()
  expect(left).toHaveBeenCalledOnce()
  expect(signal?.aborted).toBe(true)
})

test('ends streams and refuses requests when the node stops', async () => {
  const { app, clock, stopping } = setup({
    logs: async function* (_, signal) {
      await clock.sleep(1e9, signal)
      yield* lines([])
    }
  })
  const answer = app.request('/v1/logs?follow=true')
  await clock.advance(FIRST_LINE_WAIT_MS)
  const response = await answer
  stopping.abort(new LumosError('SHUTTING_DOWN'))
  expect(await response.json()).toMatchObject({ error: { code: 'SHUTTING_DOWN' } })
  const refused = await app.request('/readyz')
  expect(refused.status).toBe(503)
  expect(await refused.json()).toMatchObject({ error: { code: 'SHUTTING_DOWN' } })
})

test('who leaves while a stream has nothing to tell is no failure of the node', async () => {
  const { app, clock, error } = setup({
    async *logs(_, signal) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      signal.throwIfAborted()
      yield* lines([])
    }
  })
  const leaving = new AbortController()
  const answer = app.request('/v1/logs?follow=true', { signal: leaving.signal })
  await clock.advance(FIRST_LINE_WAIT_MS)
  const response = await answer
  // As the server for Node puts it, in words.
  leaving.abort('Error: aborted')
  await response.text()
  expect(error).not.toHaveBeenCalled()
})

test('a node that cannot write says that it takes no work, and why', async () => {
  const operations = fakeOperations()
  const error = { code: 'STORE_FULL', message: 'full', details: { path: '/db' } }
  const { app } = setup({
    status: async () => ({ ...(await operations.status()), problems: [error] })
  })
  const refused = await app.request('/readyz')
  expect(refused.status).toBe(503)
  expect(await refused.json()).toMatchObject({
    error: { code: 'STORE_FULL', message: 'the disk of the database /db is full' }
  })
  expect((await app.request('/healthz')).status).toBe(200)
})

test('lets nobody keep what it says', async () => {
  const { app } = setup()
  for (const path of ['/v1/status', '/nothing', '/v1/logs']) {
    const { headers } = await app.request(path)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('access-control-allow-origin')).toBeNull()
  }
})
