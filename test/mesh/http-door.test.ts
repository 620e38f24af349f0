/** Bad input over HTTP: each gets the answer that the protocol has for it, and learns nothing by it. */
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LIMITS } from '../../core/limits.ts'
import { testAgent } from '../support/a2a-nodes.ts'
import { startHttpNode } from '../support/http-gateway.ts'
import type { HttpNode } from '../support/http-gateway.ts'

let node: HttpNode
let token: string

const echo = testAgent('echo', async function* ({ text }) {
  yield text
})

beforeAll(async () => {
  node = await startHttpNode([echo])
  token = await node.token()
})

afterAll(() => node.stop())

interface Ask {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Text goes as it is. */
  readonly body?: unknown
  readonly as?: string
}

async function ask({ method = 'POST', path = '/agents/echo', headers, body, as = token }: Ask) {
  const answer = await fetch(`${node.url}${path}`, {
    method,
    headers: {
      ...(as !== '' && { authorization: `Bearer ${as}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) })
  })
  const text = await answer.text()
  const document: unknown = text === '' ? undefined : JSON.parse(text)
  return { status: answer.status, headers: answer.headers, document }
}

function message(text: string, more: object = {}) {
  const messageId = crypto.randomUUID()
  return { message: { messageId, role: 'ROLE_USER', parts: [{ text }], ...more } }
}

function call(method: string, params: object): object {
  return { jsonrpc: '2.0', id: 1, method, params }
}

function idIn(document: unknown): string {
  const id = /"id":"([0-9a-f-]{36})"/.exec(JSON.stringify(document))?.[1]
  if (id === undefined) throw new Error('there is no task in the answer')
  return id
}

test('nobody comes in without a token that is in force', async () => {
  const revoked = await node.token()
  await node.gateway.tokens.revoke(revoked.split('_')[1] ?? '')
  for (const as of ['', 'wrong', revoked, `${token}x`]) {
    const { status, headers, document } = await ask({ as, body: call('ListTasks', {}) })
    expect(status).toBe(401)
    expect(headers.get('www-authenticate')).toBe(
      as === '' ? 'Bearer' : 'Bearer error="invalid_token"'
    )
    expect(document).toMatchObject({ error: { status: 'UNAUTHENTICATED' } })
  }
  const card = await ask({
    as: '',
    method: 'GET',
    path: '/agents/echo/.well-known/agent-card.json'
  })
  expect(card.status).toBe(401)
})

test('a token does what its scopes say', async () => {
  const as = await node.token(['memory/read'])
  const refused = await ask({ as, body: call('SendMessage', message('hi')) })
  expect(refused.document).toMatchObject({ error: { data: [{ reason: 'FORBIDDEN' }] } })
  const { status } = await ask({ as, path: '/agents/echo/tasks', method: 'GET' })
  expect(status).toBe(403)
  await node.assembly.wire.authority.audit.settled()
  const entries = await Array.fromAsync(node.assembly.wire.authority.audit.read())
  expect(entries).toContainEqual(
    expect.objectContaining({
      who: expect.stringMatching(/^http:/),
      did: 'task.send',
      what: 'echo',
      allowed: false,
      reason: 'scope'
    })
  )
})

test('what belongs to another token looks like what is not there', async () => {
  const mine = await ask({ body: call('SendMessage', message('mine')) })
  const id = idIn(mine.document)
  const as = await node.token()
  const missing = crypto.randomUUID()
  const answer = message('me too', { taskId: id })
  const nowhere = message('me too', { taskId: missing })
  for (const [method, theirs, nobodys] of [
    ['GetTask', { id }, { id: missing }],
    ['CancelTask', { id }, { id: missing }],
    ['SubscribeToTask', { id }, { id: missing }],
    ['SendMessage', answer, nowhere],
    ['SendStreamingMessage', answer, nowhere]
  ] as const) {
    const refused = await ask({ as, body: call(method, theirs) })
    const unknown = await ask({ as, body: call(method, nobodys) })
    expect(refused.document).toMatchObject({ error: { code: -32_001 } })
    expect(refused).toMatchObject({ status: unknown.status, document: unknown.document })
  }
  const list = await ask({ as, method: 'GET', path: '/a2a/tasks' })
  expect(list.document).toMatchObject({ tasks: [], totalSize: 0 })
  const other = await ask({ path: `/agents/other/tasks/${id}`, method: 'GET' })
  expect(other.status).toBe(404)
})

test.for([
  ['no JSON', '{', -32_700],
  ['nothing', '', -32_700],
  ['no UTF-8', '\u{d800}{', -32_700],
  ['a batch', [call('GetTask', {})], -32_600],
  ['no version of JSON-RPC', { id: 1, method: 'GetTask' }, -32_600],
  ['no id', { jsonrpc: '2.0', method: 'GetTask' }, -32_600],
  ['an id that is none', { jsonrpc: '2.0', id: {}, method: 'GetTask' }, -32_600],
  ['parameters in a list', { ...call('GetTask', {}), params: [] }, -32_600],
  ['an unknown method', call('DeleteEverything', {}), -32_601],
  ['a method of objects', call('constructor', {}), -32_601],
  ['no parameters', call('SendMessage', {}), -32_602],
  ['a message of an agent', call('SendMessage', message('x', { role: 'ROLE_AGENT' })), -32_602],
  ['a part without content', call('SendMessage', message('x', { parts: [{}] })), -32_602],
  ['another agent', call('SendMessage', { ...message('x'), tenant: 'other' }), -32_602],
  ['a page that is none', call('ListTasks', { pageToken: 'x' }), -32_602],
  ['pushes of no task', call('ListTaskPushNotificationConfigs', { taskId: 'x' }), -32_001],
  ['a page too large', call('ListTasks', { pageSize: 101 }), -32_602]
] as const)('JSON-RPC with %s', async ([, body, code]) => {
  const { status, document } = await ask({ body })
  expect(status).toBe(200)
  expect(document).toMatchObject({ jsonrpc: '2.0', error: { code } })
})

test('a body deeper than a stack is refused like any other that is too deep', async () => {
  const { document } = await ask({ body: '['.repeat(100_000) })
  expect(document).toMatchObject({ error: { code: -32_700 } })
})

test.for([
  ['POST', '/agents/echo/tasks', 404],
  ['DELETE', '/agents/echo/message:send', 404],
  ['GET', '/agents/echo/message:send', 404],
  ['PUT', '/agents/echo', 404],
  ['POST', '/agents/echo/.well-known/agent-card.json', 404],
  ['GET', '/agents/nobody/.well-known/agent-card.json', 404],
  ['GET', '/agents/echo/tasks/not-a-task', 404],
  ['GET', '/agents/echo/tasks?pageSize=many', 400],
  ['GET', '/agents/%zz/tasks', 400],
  ['GET', '/agents/../v1/nothing', 404],
  ['GET', '/v1/nothing', 404],
  ['GET', '/', 404]
] as const)('%s %s is %i', async ([method, path, status]) => {
  const answer = await ask({ method, path })
  expect(answer.status).toBe(status)
  expect(answer.document).toMatchObject({ error: { code: status } })
})

test('a form of a web page and a page that calls this machine by another name are refused', async () => {
  const form = { 'content-type': 'text/plain' }
  const { document } = await ask({ headers: form, body: call('ListTasks', {}) })
  expect(document).toMatchObject({ error: { details: [{ reason: 'CONTENT_TYPE_NOT_SUPPORTED' }] } })
  const origin = await ask({ headers: { origin: 'https://evil.example' }, method: 'GET' })
  expect(origin.status).toBe(403)
  expect(await raw('GET /agents HTTP/1.1\r\nHost: evil.example\r\n\r\n')).toMatch(/^HTTP\/1.1 403 /)
})

test('versions that nobody here speaks are refused by name', async () => {
  const headers = { 'a2a-version': '2.0' }
  const rpc = await ask({ headers, body: call('ListTasks', {}) })
  expect(rpc.document).toMatchObject({
    error: { code: -32_009, data: [{ reason: 'VERSION_NOT_SUPPORTED' }] }
  })
  const rest = await ask({ headers, method: 'GET', path: '/agents/echo/tasks' })
  expect(rest.status).toBe(400)
  const patch = await ask({ headers: { 'a2a-version': '1.0.1' }, body: call('ListTasks', {}) })
  expect(patch.document).toHaveProperty('result')
  // How a client learns which versions there are.
  const card = await ask({
    headers,
    method: 'GET',
    path: '/agents/echo/.well-known/agent-card.json'
  })
  expect(card.document).toHaveProperty('supportedInterfaces')
})

test.for([
  ['1.0', 'SendMessage', undefined],
  ['0.3', 'message/send', undefined],
  ['', 'SendMessage', undefined],
  ['', 'message/send', undefined],
  ['1.0', 'message/send', -32_601],
  ['0.3', 'SendMessage', -32_601],
  ['0.2', 'message/send', -32_009]
] as const)('in version "%s", %s is answered with error %s', async ([version, method, code]) => {
  const legacy = { kind: 'message', role: 'user', parts: [{ kind: 'text', text: 'hi' }] }
  const { message: asked } = message('hi')
  const isLegacy = method === 'message/send'
  const params = { message: { ...asked, ...(isLegacy && legacy) } }
  const { document } = await ask({
    headers: { 'a2a-version': version },
    body: call(method, params)
  })
  const state = { status: { state: isLegacy ? 'completed' : 'TASK_STATE_COMPLETED' } }
  const result = isLegacy ? { kind: 'task', ...state } : { task: state }
  expect(document).toMatchObject(code === undefined ? { result } : { error: { code } })
})

test.for([
  ['1.0', '/agents/echo/v1/message:send', -32_009],
  ['0.3', '/agents/echo/message:send', 'VERSION_NOT_SUPPORTED'],
  ['', '/agents/echo/v1/nothing', -32_601],
  ['', '/agents/echo/v1/message:send', -32_602]
] as const)('in version "%s", %s says %s in its own form', async ([version, path, expected]) => {
  const { status, document } = await ask({ headers: { 'a2a-version': version }, path, body: {} })
  expect(status).toBe(expected === -32_601 ? 404 : 400)
  const error = { error: { details: [{ reason: expected }] } }
  expect(document).toMatchObject(typeof expected === 'number' ? { code: expected } : error)
})

test('a body that is too large is refused by what it says, and by what it is', async () => {
  const bytes = LIMITS.gatewayBodyBytes.value + 1
  const head = `POST /agents/echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n`
  const json = 'Content-Type: application/json\r\n'
  const told = await raw(`${head}${json}Content-Length: ${bytes}\r\n\r\n`)
  expect(told).toMatch(/^HTTP\/1.1 413 /)
  expect(told).toMatch(/connection: close/i)
  const sent = await ask({ body: `"${'x'.repeat(bytes)}"` })
  expect(sent.status).toBe(413)
})

test.for([
  ['two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
  ['a length and chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a broken chunk', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ['a header with a line break', 'X-A: b\nX-C : d\r\n\r\n'],
  ['headers without end', `X-A: ${'a'.repeat(100_000)}\r\n\r\n`]
] as const)('smuggling with %s ends the connection', async ([, rest]) => {
  const head = `POST /agents/echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n`
  const answer = await raw(`${head}Content-Type: application/json\r\n${rest}`)
  expect(answer).toMatch(/^HTTP\/1.1 4\d\d /)
  // One answer at most: nothing behind it was taken for another request.
  expect(answer.split('HTTP/1.1 ')).toHaveLength(2)
})

test('the same message is the same task, and another one under its id is a conflict', async () => {
  const asked = message('once')
  const first = await ask({ body: call('SendMessage', asked) })
  const again = await ask({ path: '/agents/echo/message:send', body: asked })
  expect(idIn(again.document)).toBe(idIn(first.document))
  const other = { message: { ...asked.message, parts: [{ text: 'another' }] } }
  const conflict = await ask({ path: '/agents/echo/message:send', body: other })
  expect(conflict.status).toBe(409)
})

test('an agent that nobody has can be asked for again once somebody has it', async () => {
  const asked = message('hello')
  const first = await ask({ path: '/agents/late/message:send', body: asked })
  expect(first.status).toBe(404)
  const late = { ...echo, id: 'late' }
  await node.assembly.roster.assign('test', [late])
  const again = await ask({ path: '/agents/late/message:send', body: asked })
  expect(again.document).toMatchObject({ task: { status: { state: 'TASK_STATE_COMPLETED' } } })
})

test('a card is sent once, and then only when it has changed', async () => {
  const path = '/agents/echo/.well-known/agent-card.json'
  const first = await ask({ method: 'GET', path })
  const etag = first.headers.get('etag') ?? ''
  expect(first.headers.get('cache-control')).toContain('private')
  expect(first.headers.get('vary')).toBe('A2A-Version')
  const again = await ask({ method: 'GET', path, headers: { 'if-none-match': etag } })
  expect(again).toMatchObject({ status: 304, document: undefined })
  const extended = await ask({ method: 'GET', path: '/agents/echo/extendedAgentCard' })
  const plain = await ask({ method: 'GET', path, headers: { 'a2a-version': '1.0' } })
  expect(extended.document).toEqual(plain.document)
  expect(plain.headers.get('etag')).not.toBe(etag)
  const names = await ask({ method: 'GET', path: '/agents' })
  expect(names.document).toMatchObject({
    agents: expect.arrayContaining([
      {
        id: 'echo',
        url: `${node.url}/agents/echo`,
        card: `${node.url}${path}`
      }
    ])
  })
})

/** What comes back for these bytes, until the connection ends. */
async function raw(bytes: string): Promise<string> {
  const { port } = new URL(node.url)
  const socket = connect(Number(port), '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text
    if (/\r\n\r\n/.test(answer)) socket.end()
  })
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  socket.on('close', resolve).on('error', () => undefined)
  socket.write(bytes)
  await closed
  return answer
}
