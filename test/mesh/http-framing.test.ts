/** Requests that are framed wrongly, or mean two things: one answer, nothing behind it heard, and the next one is well. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LEAKS, startAttackedNode } from '../support/attacked-http-node.ts'
import type { AttackedNode } from '../support/attacked-http-node.ts'
import { answerIn } from '../support/raw-http.ts'

let victim: AttackedNode

beforeAll(async () => {
  victim = await startAttackedNode()
})

afterAll(() => victim.stop())

test.for([
  [{ method: 'CONNECT', path: 'example.org:443' }, [0, 400, 404]],
  [{ method: 'OPTIONS', path: '*' }, [404]],
  [{ method: 'GET', path: 'http://example.org/agents' }, [404]],
  [{ method: 'GET', path: '/agents', body: '{}' }, [200]],
  [{ method: 'FOO' }, [400]],
  [{ method: 'post' }, [400]],
  [{ method: 'GET', path: '/agents', version: 'HTTP/1.0' }, [200]],
  [{ method: 'GET', path: '/agents', version: 'HTTP/2.0' }, [400, 505]],
  [{ method: 'GET', path: '/agents', version: 'HTTP/9.9' }, [400, 505]],
  [{ method: 'GET', path: '/agents', version: '' }, [400]]
] as const)('what looks like a request of another kind is none: %j', async ([post, statuses]) => {
  const { status } = await victim.ask(post)
  expect(statuses).toContain(status)
})

test('an offer of another protocol is left aside, or refused', async () => {
  const h2c = {
    Connection: 'Upgrade, HTTP2-Settings',
    Upgrade: 'h2c',
    'HTTP2-Settings': 'AAMAAABk'
  }
  expect((await victim.ask({ method: 'GET', path: '/agents', headers: h2c })).status).toBe(200)
  const preface = answerIn(await victim.raw.say('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))
  expect(preface.status).toBe(400)
  const socket = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' }
  const path = '/agents/echo'
  expect((await victim.ask({ method: 'GET', path, headers: socket })).status).toBe(404)
  expect((await victim.ask({ headers: { Expect: '200-maybe' } })).status).toBe(417)
})

test.for([
  ['a length and chunks', { 'Transfer-Encoding': 'chunked' }],
  ['a length that is none', { 'Content-Length': '-1' }],
  ['a length of two numbers', { 'Content-Length': '2, 3' }],
  ['a length in hex', { 'Content-Length': '0x2' }],
  ['a length with a sign', { 'Content-Length': '+2' }],
  [
    'chunks that are not the last encoding',
    { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked, gzip' }
  ],
  [
    'an encoding that nobody knows',
    { 'Content-Length': undefined, 'Transfer-Encoding': 'xchunked' }
  ],
  ['a header with a NUL', { 'X-A': 'a\0b' }],
  ['a header with a line break', { 'X-A': 'a\rb' }],
  ['a header that goes on in the next line', { 'X-A': 'a\r\n b' }],
  ['a header with a space in its name', { 'X-A ': 'b' }],
  ['two hosts', { 'X-A': 'b\r\nHost: evil.example' }],
  ['no host', { Host: undefined }],
  ['another host', { Host: 'evil.example' }],
  ['a host with somebody in it', { Host: '127.0.0.1@evil.example' }],
  ['headers without end', { 'X-A': 'a'.repeat(100_000) }],
  ['a page of another site', { Origin: 'https://evil.example' }],
  ['a page in a sandbox', { Origin: 'null' }]
] as const)(
  'smuggling by %s gets one answer, and no request behind it is heard',
  async ([, headers]) => {
    const behind = victim.bytes({ method: 'GET', path: '/agents' }).toString('latin1')
    const heard = await victim.raw.say(
      `${victim.bytes({ headers, body: '{}' }).toString('latin1')}${behind}`,
      2
    )
    expect(heard).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect(heard).not.toMatch(LEAKS)
    // Where it was understood well enough to be answered in words, the next one was heard as another.
    if (!/^HTTP\/1\.1 40[03] /.test(heard)) expect(heard.split('HTTP/1.1 ')).toHaveLength(2)
  }
)

test.for([
  ['two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
  ['a chunk without a size', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n'],
  ['a chunk larger than numbers are', 'Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}'],
  [
    'more said of a chunk than it holds',
    `Transfer-Encoding: chunked\r\n\r\n2;a=${'b'.repeat(100_000)}\r\n{}`
  ],
  ['line breaks without a carriage return', 'Transfer-Encoding: chunked\n\n2\n{}\n0\n\n']
] as const)('smuggling by %s ends the connection', async ([, rest]) => {
  const start = `POST /agents/echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${victim.token}\r\n`
  const behind = victim.bytes({ method: 'GET', path: '/agents' }).toString('latin1')
  const heard = await victim.raw.say(
    `${start}Content-Type: application/json\r\n${rest}${behind}`,
    2
  )
  expect(heard).toMatch(/^HTTP\/1\.1 4(00|13) /)
  expect(heard.split('HTTP/1.1 ')).toHaveLength(2)
})

test.for([
  '/agents/../v1/status',
  '/agents/%2e%2e/v1/status',
  '/agents/echo/%2e%2e/%2e%2e/etc/passwd',
  '/agents/%00/tasks',
  '/agents/echo%00/tasks',
  '//agents',
  '/agents//tasks',
  '/AGENTS',
  '/agents/echo/tasks/../../x',
  '/agents/%c0%ae%c0%ae/tasks',
  '/agents/%/tasks',
  '/agents/__proto__/.well-known/agent-card.json',
  '/agents/constructor/.well-known/agent-card.json',
  '/a2a/toString/tasks/x',
  '/v1/models/__proto__',
  '/v1/models/..%2f..%2fetc',
  '/mcp/../agents',
  '/mcp/',
  '/.well-known/agent-card.json',
  '/\\agents',
  `/agents/${'a'.repeat(10_000)}/tasks`
])('nothing is found by a path like %s', async (path) => {
  const { status, document } = await victim.ask({ method: 'GET', path })
  expect([400, 403, 404]).toContain(status)
  // A2A 0.3 has the error itself for its answer.
  expect(document).toMatchObject(
    JSON.stringify(document).includes('"error"') ? { error: {} } : { code: expect.any(Number) }
  )
})

test('a URL that is too long is said to be', async () => {
  expect((await victim.ask({ method: 'GET', path: `/agents/${'a'.repeat(100_000)}` })).status).toBe(
    431
  )
})

test('requests in one piece are answered one after the other', async () => {
  const list = victim.bytes({ method: 'GET', path: '/agents' })
  const wrong = victim.bytes({ method: 'GET', path: '/nowhere' })
  const heard = await victim.raw.say(Buffer.concat([list, wrong, list, wrong]), 4)
  expect(Array.from(heard.matchAll(/HTTP\/1\.1 (\d{3})/g), ([, status]) => status)).toEqual([
    '200',
    '404',
    '200',
    '404'
  ])
})

test.for([
  '',
  'POST /agents/ec',
  'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{'
])('who says %j and ends its side is answered, or let go', async (half) => {
  const socket = victim.raw.open()
  const closed = new Promise((resolve) => socket.on('close', () => resolve('closed')))
  socket.on('error', () => undefined).resume()
  socket.end(half)
  expect(await closed).toBe('closed')
})
