/** Between node:http and the web's Request and Response, which is what the MCP SDK speaks. */
import type { ServerResponse } from 'node:http'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import type { HttpRequest } from '../http/request.ts'
import { cutWhenStalled } from '../http/stall.ts'

/** Without its body, which is read within our own bounds; and without what lets the caller in. */
export function webRequest({ method, incoming, signal }: HttpRequest): Request {
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(incoming.headersDistinct)) {
    if (!SECRET.has(name)) headers.set(name, values.join(', '))
  }
  return new Request('http://localhost/mcp', { method, headers, signal })
}

const SECRET: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization'])

/**
 * Writes `answer` as it comes, until the signal aborts. A reader that does not read for
 * LIMITS.gatewayStall is cut, and at once when more waits for it than can be told a second time.
 */
export async function sendAnswer(
  response: ServerResponse,
  answer: Response,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal }
): Promise<void> {
  const { body, status } = answer
  answer.headers.delete('connection')
  answer.headers.set('cache-control', 'no-store')
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true
  if (body === null || !isStream) {
    const document = Buffer.from(await answer.arrayBuffer())
    answer.headers.set('content-length', String(document.length))
    response.writeHead(status, Object.fromEntries(answer.headers)).end(document)
    return
  }
  response.writeHead(status, Object.fromEntries(answer.headers))
  // Who listens for what may come has to know that it does.
  response.flushHeaders()
  cutWhenStalled(response, clock)
  const reader = body.getReader()
  const leave = (): void => void reader.cancel().catch(() => undefined)
  signal.addEventListener('abort', leave, { once: true })
  if (signal.aborted) leave()
  try {
    await pump(reader, response)
  } finally {
    signal.removeEventListener('abort', leave)
    leave()
  }
}

async function pump(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  response: ServerResponse
): Promise<void> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one piece after the other
    const { done, value } = await reader.read()
    if (done) break
    // Read whether or not it can be written: the SDK's stream would hold it otherwise, without a bound.
    if (response.writableLength > LIMITS.mcpReplayBytes.value) response.destroy()
    if (response.destroyed) return
    response.write(value)
  }
  response.end()
}
