/** Documents and credentials that are wrong, at every door over HTTP: each gets the answer that its protocol has for it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { messageOf, startAttackedNode } from '../support/attacked-http-node.ts'
import type { AttackedNode } from '../support/attacked-http-node.ts'

let victim: AttackedNode

beforeAll(async () => {
  victim = await startAttackedNode()
})

afterAll(() => victim.stop())

/** Doors that take a document by POST, with what each says no by. */
const DOORS = {
  'A2A by JSON-RPC': { path: '/agents/echo', error: { error: { code: expect.any(Number) } } },
  'A2A by REST': {
    path: '/agents/echo/message:send',
    error: { error: { code: expect.any(Number), status: expect.any(String) } }
  },
  OpenAI: {
    path: '/v1/chat/completions',
    error: { error: { message: expect.any(String), type: expect.any(String) } }
  },
  MCP: { path: '/mcp', error: { jsonrpc: '2.0', error: { code: expect.any(Number) } } }
} as const

type DoorName = keyof typeof DOORS

const NAMES = Object.keys(DOORS) as DoorName[]

const BODIES: readonly (readonly [what: string, body: string | Uint8Array])[] = [
  ['no JSON', '{"a":'],
  ['nothing', ''],
  ['JSON deeper than a stack', '['.repeat(100_000)],
  ['more values than anybody needs', `[${'0,'.repeat(1_000_000)}0]`],
  ['no UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d)],
  ['half of a surrogate', '"\\ud800"'],
  ['a list', '[]'],
  ['a text', '"x"'],
  ['null', 'null'],
  ['an object without anything', '{}'],
  ['names of objects themselves', '{"__proto__":{"admin":true},"constructor":{"prototype":{}}}'],
  [
    'the same name twice',
    '{"jsonrpc":"2.0","jsonrpc":"1.0","id":1,"method":"x","model":"a","model":1}'
  ]
]

test.for(NAMES.flatMap((name) => BODIES.map((body) => [name, ...body] as const)))(
  '%s says no to %s',
  async ([name, , body]) => {
    const { path, error } = DOORS[name]
    const { status, document } = await victim.ask({ path, body })
    expect(document).toMatchObject(error)
    expect(status).toBeGreaterThanOrEqual(name === 'A2A by JSON-RPC' ? 200 : 400)
    expect(status).toBeLessThan(500)
    expect({}).not.toHaveProperty('admin')
  }
)

test.for(NAMES)('%s says no to a body that is no JSON by its type', async (name) => {
  const { path, error } = DOORS[name]
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonx',
    undefined
  ]) {
    const { document, status } = await victim.ask({
      path,
      body: '{}',
      headers: { 'Content-Type': type }
    })
    expect(document).toMatchObject(error)
    expect(status).toBeLessThan(500)
  }
})

test('nobody comes in without a token that is in force', async () => {
  const { ask, node, token } = victim
  const revoked = await node.token()
  await node.gateway.tokens.revoke(revoked.split('_')[1] ?? '')
  const wrong = [
    '',
    'Bearer',
    `Basic ${btoa(`x:${token}`)}`,
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token} ${token}`,
    'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.'
  ].map((authorization) => ['MCP', '/mcp', authorization] as const)
  const everywhere = NAMES.flatMap((name) =>
    [undefined, `Bearer ${revoked}`].map((shown) => [name, DOORS[name].path, shown] as const)
  )
  const inUrl = ['MCP', `/mcp?token=${token}&access_token=${token}`, undefined] as const
  for (const [name, path, Authorization] of [...wrong, ...everywhere, inUrl]) {
    // oxlint-disable-next-line no-await-in-loop -- each with its own answer
    const { document, status, headers } = await ask({ path, headers: { Authorization } })
    expect(status).toBe(401)
    expect(headers).toMatch(/www-authenticate: Bearer/i)
    expect(document).toMatchObject(DOORS[name].error)
  }
})

test.for(NAMES)('%s says no to more than it takes, by what is told of it', async (name) => {
  const { path, error } = DOORS[name]
  const { status, document, headers } = await victim.ask({
    path,
    headers: { 'Content-Length': String(2 ** 40) }
  })
  expect(status).toBe(413)
  expect(headers).toMatch(/connection: close/i)
  expect(document).toMatchObject(error)
})

test.for(NAMES)('%s knows no other methods than its own', async (name) => {
  const { path, error } = DOORS[name]
  for (const method of ['PUT', 'PATCH', 'TRACE', 'PROPFIND', 'QUERY']) {
    const { status, document, body } = await victim.ask({ path, method })
    expect([404, 405, 501]).toContain(status)
    expect(document).toMatchObject(error)
    // Nothing of what was sent comes back, as TRACE would have it.
    expect(body).not.toContain('Bearer')
  }
})

const UNKNOWN = crypto.randomUUID()

test("what is another caller's looks like what is not there", async () => {
  const body = messageOf('mine')
  const made = await victim.ask({ path: '/agents/echo/message:send', body })
  const id = /"id":"([0-9a-f-]{36})"/.exec(made.body)?.[1] ?? ''
  const greeting = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'a', version: '1' }
    }
  })
  const greeted = await fetch(`${victim.node.url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${victim.token}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      connection: 'close'
    },
    body: greeting
  })
  const session = greeted.headers.get('mcp-session-id') ?? ''
  expect([id, session]).not.toContain('')
  await greeted.text()
  const as = { Authorization: `Bearer ${await victim.node.token()}` }
  for (const [own, missing] of [
    [{ path: `/agents/echo/tasks/${id}` }, { path: `/agents/echo/tasks/${UNKNOWN}` }],
    [{ path: `/a2a/tasks/${id}:subscribe` }, { path: `/a2a/tasks/${UNKNOWN}:subscribe` }],
    [
      { path: '/mcp', headers: { 'Mcp-Session-Id': session } },
      { path: '/mcp', headers: { 'Mcp-Session-Id': UNKNOWN } }
    ]
  ]) {
    const [known, unknown] = await Promise.all(
      [own, missing].map((post) =>
        victim.ask({ ...post, method: 'GET', headers: { ...post?.headers, ...as } })
      )
    )
    expect(known?.status).toBe(404)
    expect(known?.body.replaceAll(id, UNKNOWN)).toBe(unknown?.body)
  }
})

test('a request to /v1/live that is none for a WebSocket is told what it has to be', async () => {
  const { status, headers } = await victim.ask({ path: '/v1/live', method: 'GET' })
  expect(status).toBe(426)
  expect(headers).toMatch(/^upgrade: websocket$/im)
})
