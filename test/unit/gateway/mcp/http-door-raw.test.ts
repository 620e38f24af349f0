/** The one TCP port of a node for its own user, met with bytes that no client of ours sends. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { agentOf, createTestDoor } from '../../../support/mcp-door.ts'

const TOKEN = 'a-token-of-the-test'
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'

async function setup(requestMs?: number) {
  const { door, ending } = createTestDoor({ agents: [agentOf('echo', 'birch')] })
  const init = { port: 0, token: TOKEN, ...(requestMs !== undefined && { requestMs }) }
  const { url } = await door.openHttp(init, ending.signal)
  const port = Number(new URL(url).port)

  /** Sends the text and gives back all that came until the door closed the connection. */
  function say(text: string, host = '127.0.0.1'): Promise<string> {
    return new Promise((resolve, reject) => {
      let heard = ''
      const socket = connect(port, host, () => socket.write(text))
      socket.on('data', (chunk: Buffer) => (heard += chunk.toString()))
      socket.on('close', () => resolve(heard))
      socket.on('error', (error) => (heard === '' ? reject(error) : resolve(heard)))
    })
  }

  return { port, say }
}

interface Flood {
  readonly head: string
  readonly chunk: string
  /** Bytes. */
  readonly atMost: number
}

/** Sends chunks until somebody answers. */
async function pour(
  port: number,
  { head, chunk, atMost }: Flood
): Promise<{ readonly sent: number; readonly heard: string }> {
  const socket = connect(port, '127.0.0.1')
  const over = new AbortController()
  const answered = once(socket, 'data')
    .then(
      ([data]) => String(data),
      () => ''
    )
    .finally(() => over.abort())
  socket.on('error', () => over.abort())
  socket.on('close', () => over.abort())
  let sent = 0
  socket.write(head)
  while (sent < atMost && !over.signal.aborted) {
    sent += chunk.length
    if (socket.write(chunk)) continue
    // oxlint-disable-next-line no-await-in-loop -- as fast as it is read
    await once(socket, 'drain', { signal: over.signal }).catch(() => undefined)
  }
  const heard = sent < atMost ? await answered : ''
  socket.destroy()
  return { sent, heard }
}

interface Parts {
  readonly method?: string
  readonly path?: string
  readonly body?: string
}

/** With everything that lets a client in; `more` comes on top or takes its place. */
function request(
  more: Readonly<Record<string, string | undefined>> = {},
  { method = 'POST', path = '/mcp', body = PING }: Parts = {}
): string {
  const headers = {
    host: '127.0.0.1',
    authorization: `Bearer ${TOKEN}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...more
  }
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`]
  )
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`
}

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])
}

test('a request with all that is asked for comes through', async () => {
  const { say } = await setup()
  expect([401, 403, 404, 415]).not.toContain(statusOf(await say(request())))
})

test.for([
  ['a name that was rebound to this machine', { host: 'evil.example' }, 403],
  ['a name that only looks like this machine', { host: 'localhost.evil.example' }, 403],
  ['a name with this machine as its user', { host: 'localhost@evil.example' }, 400],
  ['the address of another machine', { host: '10.0.0.7' }, 403],
  ['no name at all', { host: undefined }, 400],
  ['a page of another site', { origin: 'https://evil.example' }, 403],
  ['a page in a sandbox', { origin: 'null' }, 403],
  [
    'a page of a site that looks like this machine',
    { origin: 'http://localhost.evil.example' },
    403
  ],
  ['no token', { authorization: undefined }, 401],
  ['an empty token', { authorization: 'Bearer ' }, 401],
  ['a part of the token', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }, 401],
  ['more than the token', { authorization: `Bearer ${TOKEN}x` }, 401],
  ['the token as a password', { authorization: `Basic ${btoa(`x:${TOKEN}`)}` }, 401],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
  ['a form of text', { 'content-type': 'text/plain;application/json' }, 415],
  ['no type', { 'content-type': undefined }, 415],
  ['two lengths', { 'transfer-encoding': 'chunked' }, 400]
] as const)('refuses %s', async ([, headers, status]) => {
  const { say } = await setup()
  expect(statusOf(await say(request(headers)))).toBe(status)
})

test('the token counts in its header alone', async () => {
  const { say } = await setup()
  const path = `/mcp?token=${TOKEN}&access_token=${TOKEN}`
  const headers = { authorization: undefined, cookie: `token=${TOKEN}` }
  expect(statusOf(await say(request(headers, { path })))).toBe(401)
})

test('no page of another origin is ever told that it may read an answer', async () => {
  const { say } = await setup()
  const preflight = {
    origin: 'https://evil.example',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization'
  }
  for (const text of [
    request(preflight, { method: 'OPTIONS', body: '' }),
    request({ ...preflight, authorization: undefined }, { method: 'OPTIONS', body: '' }),
    request({ origin: 'http://localhost:3000' }),
    request()
  ]) {
    // oxlint-disable-next-line no-await-in-loop -- each with its own answer
    const answer = await say(text)
    expect(answer).toMatch(/^HTTP/)
    expect(answer).not.toMatch(/access-control/i)
  }
})

test('a body without an end is cut off at its limit', async () => {
  const { port } = await setup()
  const limit = LIMITS.mcpRequestBytes.value
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
  const head = request(
    { 'content-length': undefined, 'transfer-encoding': 'chunked', connection: undefined },
    { body: '' }
  )
  const { sent, heard } = await pour(port, { head, chunk, atMost: 4 * limit })
  expect(heard).toMatch(/^HTTP\/1\.1 4/)
  expect(sent).toBeLessThan(4 * limit)
})

test('who sends a request letter by letter is sent away, and others are not held up', async () => {
  const { say } = await setup(100)
  const slow = [
    say('POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A:'),
    say(request({ 'content-length': '1000' }))
  ]
  expect([401, 403, 404]).not.toContain(statusOf(await say(request())))
  for (const answer of await Promise.all(slow)) expect(statusOf(answer)).toBe(408)
})

test('it is not there for other machines', async () => {
  const { say } = await setup()
  const others = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
  for (const { address } of others) {
    // oxlint-disable-next-line no-await-in-loop -- one or two
    await expect(say(request(), address)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  }
})
