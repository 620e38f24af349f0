/** Web servers of a test, and the web tools as a node has them, with real sockets. */
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, onTestFinished } from 'vitest'
import { createTransformer } from '../../agents/tools/builtin/data/transformer.ts'
import { createWebClient } from '../../agents/tools/builtin/web/web-client.ts'
import { createWebTools } from '../../agents/tools/builtin/web/web-tools.ts'
import type { WebMethod } from '../../agents/tools/builtin/web/web-methods.ts'
import type { Clock } from '../../core/clock.ts'
import { systemClock } from '../../core/clock.ts'
import type { Json } from '../../core/json.ts'
import { createWebTargets } from '../../core/web-targets.ts'
import { createWebSender } from '../../node/web-sender.ts'
import type { Resolve } from '../../node/web-sender.ts'
import { toolContext } from './tool-context.ts'

/** Gives up on a page sooner than a node does: waiting proves nothing. */
const hasty: Clock = { ...systemClock, timeout: (ms) => systemClock.timeout(ms / 5) }
const transformer = createTransformer({ clock: hasty })
afterAll(() => transformer.stop())

export interface Hit {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Ends with the test. */
export async function serve(answer: RequestListener) {
  const hits: Hit[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      hits.push({ method: request.method, url: request.url, headers: request.headers, body })
      answer(request, response)
    })
  })
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => {
      server.close(resolve)
    })
  })
  const { port } = server.address() as AddressInfo
  return { hits, port, url: `http://127.0.0.1:${port}/` }
}

export interface WebSetup {
  readonly allow?: readonly string[]
  readonly resolve?: Resolve
  readonly methods?: readonly WebMethod[]
  readonly clock?: Pick<Clock, 'timeout'>
}

export function webTools({
  allow = ['127.0.0.1'],
  resolve,
  methods = ['GET', 'HEAD'],
  clock
}: WebSetup = {}) {
  const send = createWebSender({ targets: createWebTargets(allow), ...(resolve && { resolve }) })
  const fetch = createWebClient({ clock: clock ?? systemClock, send })
  const tools = createWebTools({ fetch, transform: transformer.transform }, { methods })
  return async (id: string, input: unknown, signal?: AbortSignal): Promise<Json> => {
    const found = tools.find((tool) => tool.id === id)
    if (found === undefined) throw new TypeError(id)
    return found.execute(await found.parse(input), toolContext(signal && { signal }))
  }
}
