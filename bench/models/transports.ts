/** Ways for the openai package to reach a server: what the bench compares. */
import { Agent as HttpAgent, request } from 'node:http'
import { Readable } from 'node:stream'
import { Agent, fetch as undiciFetch, request as undiciRequest } from 'undici'
import { createModelTransport } from '../../agents/models/transport.ts'
import { systemClock } from '../../core/clock.ts'

export type Fetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>

const MOST = 256

/** Made when chosen, so that a process holds what it measures and no more. */
export const TRANSPORTS: Readonly<Record<string, () => Promise<Fetch>>> = {
  'global fetch (the package’s own)': async () => globalThis.fetch,
  'undici.fetch, pooled': async () => {
    const dispatcher = new Agent({ connections: MOST })
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- undici's types and Node's are of two versions of one package
    const fetch = undiciFetch as unknown as Fetch
    return (url, init) => fetch(url, Object.assign({}, init, { dispatcher }))
  },
  'undici.request, pooled': async () => {
    const dispatcher = new Agent({ connections: MOST })
    return async (url, init = {}) => {
      const { statusCode, headers, body } = await undiciRequest(urlOf(url), {
        dispatcher,
        method: 'POST',
        headers: headersOf(init),
        body: bodyOf(init),
        ...(init.signal && { signal: init.signal })
      })
      return answerOf(body, statusCode, headers)
    }
  },
  'node:http, keep-alive': async () => {
    const agent = new HttpAgent({ keepAlive: true, maxSockets: MOST })
    return (url, init = {}) =>
      new Promise((resolve, reject) => {
        const options = { agent, method: 'POST', headers: headersOf(init) }
        request(
          urlOf(url),
          { ...options, ...(init.signal && { signal: init.signal }) },
          (answer) => {
            resolve(answerOf(answer, answer.statusCode ?? 0, answer.headers))
          }
        )
          .on('error', reject)
          .end(bodyOf(init))
      })
  },
  'Lumos (undici below its fetch)': async () => (await createModelTransport(systemClock)).fetch
}

function urlOf(url: string | URL | Request): string {
  return url instanceof Request ? url.url : String(url)
}

function headersOf({ headers }: RequestInit): Record<string, string> {
  return Object.fromEntries(new Headers(headers))
}

function bodyOf({ body }: RequestInit): string {
  return typeof body === 'string' ? body : ''
}

function answerOf(
  body: Readable,
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>
): Response {
  const given = new Headers()
  for (const [name, value] of Object.entries(headers)) given.set(name, String(value))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's stream and the DOM's are one in fact, two in types
  return new Response(Readable.toWeb(body) as ReadableStream, { status, headers: given })
}
