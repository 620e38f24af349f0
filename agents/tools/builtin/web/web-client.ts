/** Fetches from the web for tools: follows redirects, carries no secrets, and ends in time. */
import type { Clock } from '../../../../core/clock.ts'
import { LIMITS } from '../../../../core/limits.ts'
import type { SendWebRequest, WebRequest } from '../../../../core/web-request.ts'
import { WebRefusal } from '../../../../core/web-request.ts'
import { ACCEPTED_ENCODINGS, readBody } from './web-body.ts'
import type { Body } from './web-body.ts'

export interface WebClientComponents {
  readonly clock: Pick<Clock, 'timeout'>
  readonly send: SendWebRequest
}

export interface Fetched extends Body {
  /** Where it was at last, behind all redirects. */
  readonly url: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

export interface WebFetch extends Omit<WebRequest, 'url'> {
  readonly url: string
  /** Bytes of the answer that are read, at most `LIMITS.webBytes`. */
  readonly most?: number
}

/** @throws WebError, whose message tells what went wrong and no address; the reason of `signal` */
export type WebClient = (request: WebFetch, signal: AbortSignal) => Promise<Fetched>

export class WebError extends Error {}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Headers that go along to another host: what was said to the first may be meant for it alone. */
const NEUTRAL: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'accept-language'])

export function createWebClient({ clock, send }: WebClientComponents): WebClient {
  return async ({ url: text, most = LIMITS.webBytes.value, ...rest }, signal) => {
    const timeout = clock.timeout(LIMITS.webTime.value)
    try {
      const url = URL.parse(text)
      if (url === null) throw new WebRefusal('the URL is malformed')
      const headers = { 'accept-encoding': ACCEPTED_ENCODINGS, ...rest.headers }
      const within = AbortSignal.any([signal, timeout])
      return await follow(send, { request: { ...rest, headers, url }, most }, within)
    } catch (cause) {
      signal.throwIfAborted()
      const late = `no answer within ${LIMITS.webTime.value / 1000} s`
      throw new WebError(timeout.aborted ? late : reasonOf(cause), { cause })
    }
  }
}

interface Errand {
  readonly request: WebRequest
  readonly most: number
}

async function follow(
  send: SendWebRequest,
  { request: first, most }: Errand,
  signal: AbortSignal
): Promise<Fetched> {
  let request = first
  for (let redirects = 0; ; redirects += 1) {
    const answer = await send(request, signal)
    const { status, headers } = answer
    const { location } = headers
    if (!REDIRECTS.has(status) || location === undefined) {
      const body = await readBody(answer, request.method === 'HEAD' ? 0 : most)
      return { url: request.url.href, status, headers, ...body }
    }
    answer.body.destroy()
    if (redirects >= LIMITS.webRedirects.value) throw new WebRefusal('too many redirects')
    request = redirected(request, { status, location })
  }
}

/** The next request, as browsers make it, less what must not get into other hands. */
function redirected(
  { url, method, headers, body }: WebRequest,
  { status, location }: { readonly status: number; readonly location: string }
): WebRequest {
  const next = URL.parse(location, url.href)
  if (next === null) throw new WebRefusal('a redirect is malformed')
  if (url.protocol === 'https:' && next.protocol !== 'https:') {
    throw new WebRefusal('a redirect leads from https to something else')
  }
  const sameOrigin = next.origin === url.origin
  const kept = sameOrigin
    ? headers
    : Object.fromEntries(Object.entries(headers).filter(([name]) => NEUTRAL.has(name)))
  if (method === 'GET' || method === 'HEAD') return { url: next, method, headers: kept }
  if (status !== 307 && status !== 308) return { url: next, method: 'GET', headers: kept }
  if (!sameOrigin) throw new WebRefusal('a redirect would carry what was sent to another host')
  return { url: next, method, headers: kept, ...(body !== undefined && { body }) }
}

/** Codes only: messages of sockets name addresses, and those of TLS whole certificates. */
function reasonOf(error: unknown): string {
  if (error instanceof WebRefusal) return error.message
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? `the connection failed (${code})` : 'the request failed'
}
