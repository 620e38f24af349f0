/** How push notifications travel over real sockets: to addresses that were looked at, and to no others. */
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { createPushSender } from '../../../node/push-sender.ts'
import { createWebSender } from '../../../node/web-sender.ts'
import type { Resolve } from '../../../node/web-sender.ts'
import type { PushReceipt } from '../../../tasks/push/delivery.ts'
import { createWebTargets } from '../../../core/web-targets.ts'

const NOW = Date.UTC(2026, 0, 1)
const NEVER = new AbortController().signal
const LOOPBACK = { address: '127.0.0.1', family: 4 }

const toLoopback: Resolve = async () => [LOOPBACK]
const toBoth: Resolve = async () => [{ address: '192.0.43.7', family: 4 }, LOOPBACK]

async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve)
  })
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => {
      server.close(resolve)
    })
  })
  return (server.address() as AddressInfo).port
}

interface Hit {
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A web server that keeps what it was sent. */
async function receiver(answer: RequestListener) {
  const hits: Hit[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      hits.push({ url: request.url, headers: request.headers, body })
      answer(request, response)
    })
  })
  const port = await listen(server)
  return { hits, port, url: `http://127.0.0.1:${port}/hook` }
}

function status(code: number, headers: Record<string, string> = {}): RequestListener {
  return (_: IncomingMessage, response: ServerResponse) => response.writeHead(code, headers).end()
}

function post(
  url: string,
  {
    allow = ['127.0.0.1'],
    headers = {},
    resolve,
    signal = NEVER
  }: {
    readonly allow?: readonly string[]
    readonly headers?: Readonly<Record<string, string>>
    readonly resolve?: Resolve
    readonly signal?: AbortSignal
  } = {}
): Promise<PushReceipt> {
  const targets = createWebTargets(allow)
  const send = createPushSender({
    send: createWebSender({ targets, ...(resolve && { resolve }) }),
    now: () => NOW
  })
  const plain = { 'Content-Type': 'application/a2a+json', ...headers }
  const credentials = { Authorization: 'Bearer canary', 'X-A2A-Notification-Token': 'canary' }
  return send({ url, body: '{"ü":1}', headers: plain, credentials }, signal)
}

test('a receiver gets a POST with everything, and its 2xx counts', async () => {
  const { url, hits } = await receiver(status(204))
  expect(await post(url)).toEqual({ kind: 'delivered' })
  expect(hits).toMatchObject([
    {
      url: '/hook',
      body: '{"ü":1}',
      headers: {
        'content-type': 'application/a2a+json',
        'content-length': '8',
        authorization: 'Bearer canary',
        'x-a2a-notification-token': 'canary',
        connection: 'close'
      }
    }
  ])
})

test.for([
  [status(410), { kind: 'gone' }],
  [status(500), { kind: 'failed', reason: 'status 500' }],
  [status(303, { location: '/x' }), { kind: 'failed', reason: 'status 303' }],
  [
    status(503, { 'retry-after': '7' }),
    { kind: 'failed', reason: 'status 503', retryAfterMs: 7000 }
  ],
  [
    status(429, { 'retry-after': new Date(NOW + 9000).toUTCString() }),
    { kind: 'failed', reason: 'status 429', retryAfterMs: 9000 }
  ],
  [status(503, { 'retry-after': 'soon' }), { kind: 'failed', reason: 'status 503' }]
] as const)('an answer is understood: case %#', async ([answer, receipt]) => {
  const { url } = await receiver(answer)
  expect(await post(url)).toEqual(receipt)
})

test('without an entry in the allow-list this machine cannot be reached, by whatever name', async () => {
  const { port, hits } = await receiver(status(200))
  for (const host of [
    '127.0.0.1',
    '0x7f.1',
    '2130706433',
    '[::ffff:127.0.0.1]',
    'localhost',
    'x.org'
  ]) {
    const receipt = await post(`http://${host}:${port}/`, { allow: [], resolve: toLoopback })
    expect(receipt).toEqual({ kind: 'failed', reason: 'its address is not public' })
  }
  expect(hits).toEqual([])
})

test('one forbidden address among public ones is enough to refuse', async () => {
  const { port, hits } = await receiver(status(200))
  const receipt = await post(`http://x.org:${port}/`, { allow: [], resolve: toBoth })
  expect(receipt).toEqual({ kind: 'failed', reason: 'its address is not public' })
  expect(hits).toEqual([])
})

test('a name that means another address a moment later changes nothing', async () => {
  const { port, hits } = await receiver(status(200))
  const answers = ['127.0.0.1', '127.0.0.2', '127.0.0.3']
  let asked = 0
  const resolve: Resolve = async () => {
    const address = answers[asked] ?? ''
    asked += 1
    return [{ address, family: 4 }]
  }
  expect(await post(`http://x.org:${port}/`, { resolve })).toEqual({ kind: 'delivered' })
  expect(asked).toBe(1)
  const receipt = await post(`http://x.org:${port}/`, { resolve })
  expect(receipt).toEqual({ kind: 'failed', reason: 'its address is not public' })
  expect(hits).toHaveLength(1)
})

test('a redirect within one origin is followed with the same request', async () => {
  const { url, hits } = await receiver((request, response) =>
    request.url === '/hook'
      ? response.writeHead(307, { location: '/other' }).end()
      : response.writeHead(200).end()
  )
  expect(await post(url)).toEqual({ kind: 'delivered' })
  const [first, second] = hits
  expect(second).toEqual({ ...first, url: '/other' })
  expect(second?.headers.authorization).toBe('Bearer canary')
})

test('another origin gets the notification without the secrets of the first, even on the way back', async () => {
  const middle = await receiver((request, response) => {
    const back = `http://${String(request.headers['x-from'])}/back`
    response.writeHead(308, { location: back }).end()
  })
  const first = await receiver((request, response) =>
    request.url === '/back'
      ? response.writeHead(200).end()
      : response.writeHead(302, { location: middle.url }).end()
  )
  const from = { 'X-From': `127.0.0.1:${first.port}` }
  expect(await post(first.url, { headers: from })).toEqual({ kind: 'delivered' })
  const [there, back] = first.hits
  expect(back).toMatchObject({ url: '/back', body: there?.body })
  expect(JSON.stringify(there)).toContain('canary')
  expect(JSON.stringify([middle.hits, back])).not.toContain('canary')
})

test.for([
  'http://127.0.0.2:PORT/',
  'http://10.0.0.1/',
  'http://[::1]:PORT/',
  'http://169.254.169.254/latest/meta-data/',
  '//localhost:PORT/'
])('a redirect to %s leads nowhere', async (location) => {
  const { url, port, hits } = await receiver((_, response) =>
    response.writeHead(307, { location: location.replace('PORT', String(port)) }).end()
  )
  expect(await post(url)).toEqual({ kind: 'failed', reason: 'its address is not public' })
  expect(hits).toHaveLength(1)
})

test.for([
  ['file:///etc/passwd', 'it is not http or https'],
  ['http://user:word@127.0.0.1/', 'it carries credentials'],
  ['http://%/', 'a redirect is malformed']
])('a redirect to %s is refused: %s', async ([location, reason]) => {
  const { url } = await receiver(status(307, { location: location ?? '' }))
  expect(await post(url)).toEqual({ kind: 'failed', reason })
})

test('redirects end', async () => {
  const { url, hits } = await receiver(status(307, { location: '/hook' }))
  expect(await post(url)).toEqual({ kind: 'failed', reason: 'too many redirects' })
  expect(hits).toHaveLength(LIMITS.pushRedirects.value + 1)
})

test.for<[string, (socket: Socket) => void]>([
  ['says nothing', () => {}],
  ['never ends its head', (socket) => void socket.write('HTTP/1.1 200 OK\r\nX: ')]
])('a receiver that %s is left at the deadline', async ([, behave]) => {
  const connected = Promise.withResolvers<Socket>()
  const port = await listen(
    createTcpServer((socket) => {
      socket.on('error', () => {})
      behave(socket)
      connected.resolve(socket)
    })
  )
  const deadline = new AbortController()
  const receipt = post(`http://127.0.0.1:${port}/`, { signal: deadline.signal })
  const socket = await connected.promise
  const closed = new Promise((resolve) => {
    socket.once('close', resolve)
  })
  deadline.abort()
  expect(await receipt).toEqual({ kind: 'failed', reason: 'no answer in time' })
  socket.resume()
  await closed
})

test('a name server that says nothing is left at the deadline', async () => {
  const deadline = new AbortController()
  const asked = Promise.withResolvers<void>()
  const resolve: Resolve = () => {
    asked.resolve()
    return new Promise(() => {})
  }
  const receipt = post('http://x.org/', { signal: deadline.signal, resolve })
  await asked.promise
  deadline.abort()
  expect(await receipt).toEqual({ kind: 'failed', reason: 'no answer in time' })
})

test('an answer without end is not read to its end', async () => {
  let sent = 0
  const ended = Promise.withResolvers<void>()
  const { url } = await receiver((_, response) => {
    response.writeHead(200)
    response.on('close', ended.resolve)
    const more = (): void => {
      sent += 1024
      if (!response.destroyed) response.write(Buffer.alloc(1024), () => setImmediate(more))
    }
    more()
  })
  expect(await post(url)).toEqual({ kind: 'delivered' })
  await ended.promise
  expect(sent).toBeLessThan(16 * 1024 * 1024)
})

test.for<[string, (socket: Socket) => void, string]>([
  ['closes', (socket) => socket.destroy(), 'ECONNRESET'],
  [
    'speaks no HTTP',
    (socket) => void socket.end('220 mail.example.org ESMTP\r\n'),
    'HPE_INVALID_CONSTANT'
  ],
  [
    'changes the protocol',
    (socket) =>
      void socket.end('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    'the connection was closed'
  ]
])('a receiver that %s is told by a code', async ([, behave, reason]) => {
  const port = await listen(
    createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => behave(socket))
    })
  )
  const receipt = await post(`http://127.0.0.1:${port}/canary`)
  expect(receipt).toEqual({ kind: 'failed', reason })
})

test('a certificate that nobody trusts is no receiver', async () => {
  const { port } = await receiver(status(200))
  const receipt = await post(`https://127.0.0.1:${port}/`)
  expect(receipt).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/^[A-Z_]+$/) })
})
