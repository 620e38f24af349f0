/** The control API over HTTP: every route is somebody's right or nobody's, and nothing else is there. */
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import { silentLogger } from '../../../../core/logger.ts'
import {
  BY_OPERATION,
  operationOfRoute,
  PUBLIC_ROUTES,
  SOCKET_ONLY
} from '../../../../gateway/control/http-access.ts'
import { createControlDoor, HTTP_ROUTES } from '../../../../gateway/control/http-door.ts'
import { ROUTES } from '../../../../gateway/control/routes.ts'
import type { HttpRequest } from '../../../../gateway/http/request.ts'
import { httpAccessTable, withTable } from '../../../../tools/reference-docs.ts'
import { fakeOperations } from '../../../support/control-operations.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const CALLER = { who: 'http:a', owner: 'http:a', scopes: [] }

/** A server with this door alone; who comes may do what `allowed` says. */
async function setup(allowed: (operation: string) => boolean = () => true) {
  const asked: [operation: string, what: string][] = []
  const door = createControlDoor({
    clock: new ManualClock(),
    logger: silentLogger,
    callers: {
      permit(_, operation, what) {
        asked.push([operation, what])
        if (!allowed(operation)) {
          throw new LumosError('FORBIDDEN', { details: { operation, reason: 'scope' } })
        }
      }
    },
    operationsOf: () => fakeOperations()
  })
  const server = createServer((incoming, response) => {
    const { method = '', url = '' } = incoming
    const [path = '', search] = url.split('?')
    const asking: HttpRequest = {
      method,
      path,
      query: new URLSearchParams(search),
      incoming,
      response,
      caller: CALLER,
      signal: new AbortController().signal
    }
    door(asking).then(
      (isIts) => isIts || response.writeHead(404).end(),
      () => response.destroy()
    )
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  async function ask(route: { method: string; path: string }) {
    const path = route.path.replaceAll(/\{\w+\}/g, 'one')
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: route.method,
      ...(route.method === 'POST' && {
        body: '{}',
        headers: { 'content-type': 'application/json' }
      })
    })
    return { status: answer.status, document: (await answer.text()).split('\n')[0] ?? '' }
  }
  return { ask, asked, port }
}

/** With a body whose length nobody says before. Resolves to the status. */
function postInChunks(port: number, path: string, chunks: readonly string[]) {
  return new Promise<number | undefined>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
    const asking = request({ port, path, method: 'POST', headers }, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode))
    })
    asking.on('error', reject)
    for (const chunk of chunks) asking.write(chunk)
    asking.end()
  })
}

test('every route of the control API is somebody’s right over HTTP, or is not there; none is both', () => {
  const placed = [...Object.values(BY_OPERATION), ...Object.values(SOCKET_ONLY), PUBLIC_ROUTES]
  expect(placed.flat().toSorted()).toEqual(ROUTES.map(({ id }) => id).toSorted())
})

test('docs/security.md says which (run: node tools/reference-docs.ts)', () => {
  const document = readFileSync('docs/security.md', 'utf8')
  expect(withTable(document, httpAccessTable(), 'control API over HTTP')).toBe(document)
})

test('each route asks for its right, and does nothing without it', async () => {
  const { ask, asked } = await setup(() => false)
  for (const route of HTTP_ROUTES) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { status, document } = await ask(route)
    expect([route.id, status]).toEqual([route.id, 403])
    expect(JSON.parse(document)).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } })
    expect(asked.at(-1)?.[0]).toBe(operationOfRoute(route.id))
  }
  expect(asked).toHaveLength(HTTP_ROUTES.length)
})

test('what is asked for is named by what it is done to', async () => {
  const { ask, asked } = await setup()
  await ask({ method: 'GET', path: '/v1/memory/shared/facts' })
  await ask({ method: 'GET', path: '/v1/status' })
  await ask({ method: 'POST', path: '/v1/peers/birch/unblock' })
  expect(asked).toEqual([
    ['memory.read', 'shared'],
    ['control.read', 'status'],
    ['control.write', 'birch']
  ])
})

test('a body of unknown length is read like any other, and nobody has to send one', async () => {
  const { port, ask } = await setup()
  expect(await postInChunks(port, '/v1/tasks/one/answer', ['{"text":', ' "Rome"}'])).toBe(200)
  expect(await postInChunks(port, '/v1/tasks/one/cancel', [])).toBe(200)
  expect(await postInChunks(port, '/v1/stop', [])).toBe(404)
  expect((await ask({ method: 'POST', path: '/v1/tasks/one/answer' })).status).toBe(400)
})

test('what is for the socket alone is not there, whatever the token says', async () => {
  const { ask } = await setup()
  const ids = new Set(Object.values(SOCKET_ONLY).flat())
  const open = new Set(HTTP_ROUTES.map(({ method, path }) => `${method} ${path}`))
  for (const route of ROUTES.filter(({ id }) => ids.has(id))) {
    expect(open).not.toContain(`${route.method} ${route.path}`)
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { status } = await ask(route)
    expect([route.id, [404, 405].includes(status)]).toEqual([route.id, true])
  }
})
