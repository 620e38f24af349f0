/** One request over HTTP as the doors see it: who asks for what, its body within bounds, its end. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { invalidRequest, LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Caller } from './callers.ts'

export interface HttpRequest {
  readonly method: string
  /** Without the query; as it came, nothing decoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
  readonly caller: Caller
  /** Aborts when the client has gone, is not let in any more (its reason says why), or the node stops. */
  readonly signal: AbortSignal
}

/** Before it is known who asks. */
export type PublicRequest = Pick<HttpRequest, 'incoming' | 'method' | 'path' | 'response'>

/** Something that answers requests under some paths. False for a path that is not its own. */
export type HttpDoor = (request: HttpRequest) => Promise<boolean>

/** @throws PAYLOAD_TOO_LARGE, CONTENT_TYPE_UNSUPPORTED, CANCELLED; `undefined` for no body */
export async function readJsonBody(
  { incoming }: HttpRequest,
  limit = LIMITS.gatewayBodyBytes.value
): Promise<Buffer | undefined> {
  const told = Number(incoming.headers['content-length'] ?? 0)
  if (told > limit) throw tooLarge(told, limit)
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > limit) throw tooLarge(bytes, limit)
      chunks.push(chunk)
    }
  } catch (cause) {
    // A client that leaves in the middle of its request is no fault of this node.
    throw cause instanceof LumosError ? cause : new LumosError('CANCELLED', { cause })
  }
  if (bytes === 0) return undefined
  checkMediaType(incoming.headers['content-type'] ?? '')
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
}

/** Also what keeps out forms of web pages, which a browser sends without asking first. */
function checkMediaType(contentType: string): void {
  if (/^application\/(a2a\+)?json\s*(;|$)/i.test(contentType)) return
  const mediaType = contentType.split(';')[0]?.slice(0, 64) || 'a body without Content-Type'
  throw new LumosError('CONTENT_TYPE_UNSUPPORTED', { details: { mediaType } })
}

function tooLarge(bytes: number, limit: number): LumosError {
  return new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes, limit } })
}

/** Nothing is called so, or not in that way. */
export function routeUnknown({ method, path }: Pick<HttpRequest, 'method' | 'path'>): LumosError {
  return new LumosError('ROUTE_UNKNOWN', { details: { method, path: path.slice(0, 256) } })
}

/** One segment of a path as it was meant. @throws INVALID_REQUEST */
export function decoded(segment: string): string {
  try {
    const text = decodeURIComponent(segment)
    if (!CONTROL.test(text)) return text
  } catch {
    // Said below.
  }
  throw invalidRequest('the path is malformed')
}

const CONTROL = /\p{Cc}/u

export function sendJson(
  { response }: Pick<HttpRequest, 'response'>,
  document: object,
  { status = 200, headers = {} }: { readonly status?: number; readonly headers?: object } = {}
): void {
  // Text leaves with the headers in one piece; bytes would be a second one.
  const body = JSON.stringify(document)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...headers
  })
  response.end(body)
}
