/** Clients that take their time, and more of them than there are places: they cost nobody else anything. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../../../../core/clock.ts'
import { LumosError } from '../../../../core/errors.ts'
import { silentLogger } from '../../../../core/logger.ts'
import type { Callers } from '../../../../gateway/http/callers.ts'
import { createHttpServer } from '../../../../gateway/http/http-server.ts'
import { readJsonBody, sendJson } from '../../../../gateway/http/request.ts'
import { PATIENCE } from '../../../support/patience.ts'

const CALLERS: Callers = {
  admit: () => undefined,
  async identify({ headers }) {
    if (headers.authorization === undefined) throw new LumosError('API_TOKEN_REFUSED')
    return { who: 'http:a', owner: 'http:a', scopes: [] }
  },
  recheck: async () => undefined,
  answering: () => () => undefined,
  sees: () => true,
  reaches: () => true,
  permit: () => undefined
}

async function setup(init: { readonly requestMs?: number; readonly connections?: number } = {}) {
  const server = createHttpServer(
    {
      newRequestId: () => 'request-1',
      clock: systemClock,
      logger: silentLogger,
      callers: CALLERS,
      doors: [
        async (request) => {
          await readJsonBody(request)
          sendJson(request, { well: true })
          return true
        }
      ]
    },
    { host: '127.0.0.1', ports: [0], ...init }
  )
  await server.start()
  const { url = '' } = server
  const { port } = new URL(url)
  const sockets: Socket[] = []
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await server.stop()
  })

  /** Says that, and hears until the server has had enough. */
  function say(text: string) {
    const socket = connect(Number(port), '127.0.0.1')
    sockets.push(socket)
    let heard = ''
    const closed = new Promise<string>((resolve) => {
      socket.on('data', (chunk: Buffer) => (heard += chunk.toString()))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(heard))
    })
    socket.write(text)
    return { socket, closed, heard: () => heard }
  }

  return {
    say,
    ask: async (): Promise<void> => {
      const headers = { authorization: 'Bearer a', connection: 'close' }
      const answer = await fetch(url, { headers })
      expect(await answer.json()).toEqual({ well: true })
    }
  }
}

const HEAD = 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer a\r\n'

test.for([
  ['nothing at all', ''],
  ['half of its headers', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A:'],
  ['half of its body', `${HEAD}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{`],
  ['chunks without an end', `${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`]
])('who says %s is sent away, and others are not held up', async ([, text = '']) => {
  const { say, ask } = await setup({ requestMs: 100 })
  const slow = say(text)
  await ask()
  expect(await slow.closed).toMatch(/^(HTTP\/1\.1 408 |$)/)
})

test('who has no token is told so before its body has come, and need not send it', async () => {
  const { say } = await setup()
  const { closed } = say('POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n')
  const heard = await closed
  expect(heard).toMatch(/^HTTP\/1\.1 401 /)
  expect(heard).toMatch(/connection: close/i)
})

test('however many say nothing, who has something to say is heard', async () => {
  const { say, ask } = await setup({ connections: 8 })
  const silent = Array.from({ length: 40 }, () => say(''))
  const gone: unknown[] = []
  for (const { closed } of silent) void closed.then(() => gone.push(closed))
  await vi.waitFor(() => expect(gone.length).toBeGreaterThanOrEqual(32), PATIENCE)
  await Promise.all(Array.from({ length: 4 }, ask))
})

test('who is being answered keeps its place, and who comes then is let go', async () => {
  const { say } = await setup({ connections: 4 })
  const busy = Array.from({ length: 4 }, () =>
    say(
      `${HEAD}Content-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`
    )
  )
  await vi.waitFor(() => {
    for (const { heard } of busy) expect(heard()).toContain('100 Continue')
  }, PATIENCE)
  expect(await say('').closed).toBe('')
  for (const { socket } of busy) socket.write('{}')
  await vi.waitFor(() => {
    for (const { heard } of busy) expect(heard()).toContain('{"well":true}')
  }, PATIENCE)
})
