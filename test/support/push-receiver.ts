/** A web server that push notifications go to. */
import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { StreamResponse } from '../../core/a2a.ts'

export interface Hit {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly update: StreamResponse
}

export interface PushReceiver {
  readonly hits: readonly Hit[]
  readonly url: string
  /** Resolves once `enough` holds; asked after every hit. */
  until(enough: () => boolean): Promise<void>
}

/** @param codes what the n-th request is answered, read when it comes; 200 beyond, 0 is no answer at all */
export async function startPushReceiver(codes: readonly number[] = []): Promise<PushReceiver> {
  const hits: Hit[] = []
  const waiting = new Set<() => void>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      hits.push({ headers: request.headers, body, update: JSON.parse(body) })
      const code = codes[hits.length - 1] ?? 200
      if (code !== 0) response.writeHead(code).end()
      for (const look of waiting) look()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => {
      server.close(resolve)
    })
  })
  const until = (enough: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!enough()) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  const { port } = server.address() as AddressInfo
  return { hits, until, url: `http://127.0.0.1:${port}/hook` }
}
