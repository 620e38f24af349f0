/** What everybody may see: the document of all doors, and the page that shows it. */
import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { expect, test, vi } from 'vitest'
import { answerPublicly } from '../../../../gateway/docs/door.ts'
import { httpOpenApiDocument } from '../../../../gateway/docs/http-openapi.ts'
import { HTTP_ROUTES } from '../../../../gateway/control/http-door.ts'

/** A browser takes seconds for what is heavier. */
const MOST_BYTES = 30_000

function ask(path: string, method = 'GET', isReady = true) {
  const writeHead = vi.fn()
  const end = vi.fn()
  const response = { writeHead, end } as unknown as ServerResponse
  const isIts = answerPublicly({ method, path, response }, () => isReady)
  const [status, headers = {}] = (writeHead.mock.lastCall ?? []) as [
    number,
    Record<string, string>?
  ]
  return { isIts, status, headers, body: String(end.mock.lastCall?.[0] ?? '') }
}

test('the page runs what stands in it, asks this node alone, and is small', () => {
  const { status, headers, body } = ask('/docs')
  expect(status).toBe(200)
  expect(Buffer.byteLength(body)).toBeLessThan(MOST_BYTES)
  const policy = headers['content-security-policy'] ?? ''
  for (const [tag, directive] of [
    ['script', 'script-src'],
    ['style', 'style-src']
  ] as const) {
    const [, text = ''] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(body) ?? []
    const hash = createHash('sha256').update(text).digest('base64')
    expect(policy).toContain(`${directive} 'sha256-${hash}'`)
  }
  expect(policy).toContain("default-src 'none'; connect-src 'self'")
  expect(body).not.toMatch(/\bsrc=|https?:\/\/|innerHTML|@import|url\(/)
})

test('the script of the page is one', () => {
  const [, script = ''] = /<script>([^]*?)<\/script>/.exec(ask('/docs').body) ?? []
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- parsed, never run
  expect(() => new Function(script)).not.toThrow()
})

test('the document has every route that HTTP has, with the scope that it takes, and no other of the control API', () => {
  const document = JSON.parse(ask('/openapi.json').body)
  expect(document).toEqual(httpOpenApiDocument())
  expect(document.openapi).toBe('3.1.0')
  for (const { method, path, id } of HTTP_ROUTES) {
    const operation = document.paths[path][method.toLowerCase()]
    expect(operation).toMatchObject({ operationId: id, 'x-lumos-scope': expect.any(String) })
  }
  expect(document.paths['/v1/stop']).toBeUndefined()
  expect(document.paths['/v1/auth/tokens']).toBeUndefined()
  expect(document.paths['/healthz'].get.security).toEqual([])
  const ids = Object.values(
    document.paths as Record<string, Record<string, { operationId: string }>>
  )
    .flatMap((methods) => Object.values(methods))
    .map(({ operationId }) => operationId)
  expect(new Set(ids).size).toBe(ids.length)
})

test('every reference leads to a schema of the document', () => {
  const document = JSON.parse(ask('/openapi.json').body)
  const names = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)]
  for (const [, name = ''] of names) expect(document.components.schemas).toHaveProperty(name)
})

test('what is for everybody is read, not written; all else is another door’s', () => {
  expect(ask('/healthz')).toMatchObject({ status: 200, body: '{"v":1,"ok":true}' })
  expect(() => ask('/docs', 'POST')).toThrow('/docs')
  for (const path of ['/', '/docs/', '/v1/status', '/agents']) expect(ask(path).isIts).toBe(false)
})

test('a node that takes no work is there, but not ready, and does not say why', () => {
  expect(ask('/readyz')).toMatchObject({ status: 200, body: '{"v":1,"ok":true}' })
  expect(ask('/readyz', 'GET', false)).toMatchObject({ status: 503, body: '{"v":1,"ok":false}' })
  expect(ask('/healthz', 'GET', false).status).toBe(200)
})
