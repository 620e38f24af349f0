/** What the web tools fetch, over real sockets, and what they must not. */
import type { RequestListener } from 'node:http'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../../core/limits.ts'
import type { Resolve } from '../../../../../node/web-sender.ts'
import { serve, webTools } from '../../../../support/web-site.ts'

const toNowhere: Resolve = () => Promise.reject(new Error('asked'))
const toBoth: Resolve = async () => [
  { address: '192.0.43.7', family: 4 },
  { address: '127.0.0.1', family: 4 }
]

/** A path for each answer; the others redirect to where their path says. */
const site: RequestListener = ({ url = '/' }, response) => {
  if (url.startsWith('/to/')) {
    response.writeHead(302, { location: decodeURIComponent(url.slice(4)) }).end()
  } else response.writeHead(200, { 'set-cookie': 'a=b', etag: '"1"' }).end(`at ${url}`)
}

function to(base: string, location: string): string {
  return `${base}to/${encodeURIComponent(location)}`
}

test('status, a few headers and the text come back', async () => {
  const { url, hits } = await serve(site)
  const call = webTools()
  expect(await call('http_fetch', { url, headers: { accept: 'text/*' } })).toEqual({
    url,
    status: 200,
    headers: { etag: '"1"' },
    text: 'at /'
  })
  expect(hits).toMatchObject([
    { method: 'GET', headers: { accept: 'text/*', 'user-agent': 'lumos' } }
  ])
  expect(await call('http_fetch', { url, method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
})

test('bytes that are no text come as base64, and text of other encodings as text', async () => {
  const call = webTools()
  const { url: binary } = await serve((_, response) => response.end(Buffer.from([0, 255, 1])))
  expect(await call('http_fetch', { url: binary })).toMatchObject({ base64: 'AP8B' })
  const { url: latin } = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; charset=iso-8859-1' })
    response.end(Buffer.from('ä', 'latin1'))
  })
  expect(await call('http_fetch', { url: latin })).toMatchObject({ text: 'ä' })
})

test.for([
  'http://127.0.0.1/',
  'http://[::1]/',
  'http://0x7f.1/',
  'http://localhost/',
  'http://169.254.169.254/latest/meta-data',
  'http://10.0.0.1/',
  'http://[::ffff:127.0.0.1]/',
  'http://user:secret@example.org/',
  'http://example.org:22/',
  'file:///etc/passwd',
  'gopher://example.org/',
  'no url'
])('nothing is sent to %s', async (url) => {
  const failure = await webTools({ allow: [], resolve: toNowhere })('http_fetch', { url }).catch(
    (error: unknown) => error
  )
  expect(failure).toMatchObject({ code: 'TOOL_FAILED' })
  expect(String(failure)).not.toMatch(/secret|connection failed/)
})

test('a name that means a private address is not connected to', async () => {
  const { port, hits } = await serve(site)
  const call = webTools({ allow: [], resolve: toBoth })
  await expect(call('http_fetch', { url: `http://hidden.example:${port}/` })).rejects.toThrow(
    'its address is not public'
  )
  expect(hits).toEqual([])
})

test('a name that means something else a moment later is connected to where it was checked', async () => {
  const { port, hits } = await serve(site)
  let asked = 0
  // The first answer passes (it is allowed here); the second is what an attacker would slip in.
  const resolve: Resolve = async () =>
    asked++ === 0
      ? [{ address: '127.0.0.1', family: 4 }]
      : [{ address: '169.254.169.254', family: 4 }]
  const url = `http://rebinding.example:${port}/`
  const call = webTools({ resolve })
  expect(await call('http_fetch', { url })).toMatchObject({ status: 200 })
  expect(asked).toBe(1)
  await expect(call('http_fetch', { url })).rejects.toThrow('its address is not public')
  expect(hits).toHaveLength(1)
})

test('every redirect is looked at anew', async () => {
  const { url, hits } = await serve(site)
  const call = webTools()
  expect(await call('http_fetch', { url: to(url, '/there') })).toMatchObject({
    url: `${url}there`,
    text: 'at /there'
  })
  for (const location of ['http://169.254.169.254/', 'http://127.0.0.2/', 'file:///etc/passwd']) {
    await expect(call('http_fetch', { url: to(url, location) })).rejects.toThrow(
      /not public|not http/
    )
  }
  expect(hits.every(({ headers }) => headers.cookie === undefined)).toBe(true)
})

test('redirects end', async () => {
  const { url, hits } = await serve((_, response) =>
    response.writeHead(302, { location: '/' }).end()
  )
  await expect(webTools()('http_fetch', { url })).rejects.toThrow('too many redirects')
  expect(hits).toHaveLength(LIMITS.webRedirects.value + 1)
})

test('what was said to one host is not told another', async () => {
  const other = await serve(site)
  const first = await serve(({ url = '' }, response) => {
    const status = Number(url.slice(1))
    response.writeHead(status, { location: other.url }).end()
  })
  const call = webTools({ methods: ['GET', 'POST'] })
  const headers = { 'if-none-match': '"secret"', accept: '*/*', 'content-type': 'text/secret' }
  const post = { method: 'POST', body: 'secret', headers }
  await expect(call('http_fetch', { url: `${first.url}307`, ...post })).rejects.toThrow(
    'another host'
  )
  await call('http_fetch', { url: `${first.url}302`, ...post })
  await call('http_fetch', { url: `${first.url}307`, headers })
  expect(other.hits).toMatchObject([{ method: 'GET', body: '' }, { method: 'GET' }])
  expect(JSON.stringify(other.hits)).not.toContain('secret')
})

test('only methods that were configured can be used, and only harmless headers', async () => {
  const { url, hits } = await serve(site)
  const call = webTools({ methods: ['GET', 'POST'] })
  expect(await call('http_fetch', { url, method: 'POST', body: 'ä' })).toMatchObject({
    status: 200
  })
  expect(hits).toMatchObject([{ method: 'POST', body: 'ä' }])
  const refused = [
    { url, method: 'PUT' },
    { url, headers: { cookie: 'a=b' } },
    { url, headers: { authorization: 'Bearer x' } },
    { url, headers: { host: 'evil' } },
    { url, headers: { accept: 'a\r\nx: y' } },
    { url, body: 'for a GET' },
    { url, method: 'POST', body: 'x'.repeat(LIMITS.webRequest.value + 1) }
  ]
  for (const input of refused) {
    await expect(call('http_fetch', input)).rejects.toMatchObject({ code: 'TOOL_INPUT' })
  }
  await expect(webTools()('http_fetch', { url, method: 'POST' })).rejects.toThrow(/method/)
  expect(hits).toHaveLength(1)
})

test('a body without end is cut, and the connection closed', async () => {
  const closed = Promise.withResolvers<void>()
  const { url } = await serve((_, response) => {
    response.once('close', closed.resolve)
    const pour = (): void => {
      if (!response.destroyed) response.write('x'.repeat(64 * 1024), () => setImmediate(pour))
    }
    pour()
  })
  const answer = await webTools()('http_fetch', { url, maxBytes: 1000 })
  expect(answer).toMatchObject({ text: 'x'.repeat(1000), truncated: true })
  await closed.promise
})

test.for([
  ['gzip', gzipSync],
  ['br', brotliCompressSync]
] as const)('a bomb in %s finds no room', async ([encoding, pack]) => {
  const bomb = pack(Buffer.alloc(64 * 1024 * 1024))
  expect(bomb.length).toBeLessThan(100_000)
  const { url } = await serve((_, response) =>
    response
      .writeHead(200, { 'content-encoding': encoding, 'content-type': 'text/plain' })
      .end(bomb)
  )
  const answer = (await webTools()('http_fetch', { url, maxBytes: LIMITS.webBytes.value })) as {
    text?: string
    base64?: string
    truncated?: boolean
  }
  expect(answer.truncated).toBe(true)
  expect((answer.text ?? answer.base64 ?? '').length).toBeLessThan(LIMITS.webBytes.value * 1.4)
})

test('what is packed is unpacked, and what is broken fails', async () => {
  const call = webTools()
  const { url } = await serve((_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('hello'))
  )
  expect(await call('http_fetch', { url })).toMatchObject({ text: 'hello' })
  for (const [encoding, body] of [
    ['gzip', 'hello'],
    ['gzip, gzip', gzipSync('x')],
    ['constructor', 'x']
  ] as const) {
    const { url: broken } = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(body)
    )
    await expect(call('http_fetch', { url: broken })).rejects.toMatchObject({ code: 'TOOL_FAILED' })
  }
})

test('a server that says nothing, or never ends, is given up on; so is one nobody waits for', async () => {
  const { url: silent } = await serve(() => {})
  const { url: slow } = await serve((_, response) => void response.write('a'))
  const late = new AbortController()
  const call = webTools({ clock: { timeout: () => late.signal } })
  const given = ['http_fetch', 'web_page'].flatMap((id) =>
    [silent, slow].map((url) => call(id, { url }).catch((error: Error) => error.message))
  )
  const cancelled = new AbortController()
  const nobody = call('http_fetch', { url: silent }, cancelled.signal).catch(
    (error: unknown) => error
  )
  cancelled.abort(new Error('enough'))
  expect(await nobody).toEqual(new Error('enough'))
  late.abort(new DOMException('late', 'TimeoutError'))
  for (const message of await Promise.all(given)) expect(message).toContain('no answer within 20 s')
})
