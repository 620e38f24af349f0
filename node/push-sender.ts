/** Sends push notifications over HTTP, and follows no redirect with what its receiver alone may know. */
import { LIMITS } from '../core/limits.ts'
import type { SendWebRequest, WebAnswer } from '../core/web-request.ts'
import { WebRefusal } from '../core/web-request.ts'
import type { PushReceipt, PushRequest, PushSender } from '../tasks/push/delivery.ts'

export interface PushSenderComponents {
  readonly send: SendWebRequest
  /** Milliseconds since the epoch: `Retry-After` may name a date. */
  readonly now: () => number
}

/** Those that keep method and body; 303 asks for another request, which no notification is. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 307, 308])

export function createPushSender({ send, now }: PushSenderComponents): PushSender {
  return async (request, signal) => {
    try {
      const answer = await follow(send, request, signal)
      return receiptOf(answer, now())
    } catch (error) {
      return { kind: 'failed', reason: reasonOf(error, signal) }
    }
  }
}

/** What is left of an answer. */
interface Answer {
  readonly status: number
  readonly location?: string | undefined
  readonly retryAfter?: string | undefined
}

async function follow(
  send: SendWebRequest,
  request: PushRequest,
  signal: AbortSignal
): Promise<Answer> {
  const first = new URL(request.url)
  const body = Buffer.from(request.body)
  let url = first
  // A redirect must not carry the caller's secrets to somebody else, nor bring them back from there.
  let trusted = true
  for (let redirects = 0; ; redirects += 1) {
    const headers = { ...request.headers, ...(trusted && request.credentials) }
    const answer = await taken(await send({ url, method: 'POST', headers, body }, signal))
    if (!REDIRECTS.has(answer.status) || answer.location === undefined) return answer
    if (redirects >= LIMITS.pushRedirects.value) throw new WebRefusal('too many redirects')
    const next = URL.parse(answer.location, url.href)
    if (next === null) throw new WebRefusal('a redirect is malformed')
    if (url.protocol === 'https:' && next.protocol !== 'https:') {
      throw new WebRefusal('a redirect leads from https to something else')
    }
    url = next
    trusted &&= url.origin === first.origin
  }
}

async function taken({ status, headers, body }: WebAnswer): Promise<Answer> {
  await drain(body)
  return { status, location: headers['location'], retryAfter: headers['retry-after'] }
}

/** What a receiver says besides its status is read so that it can finish, and dropped. */
async function drain(body: WebAnswer['body']): Promise<void> {
  let bytes = 0
  try {
    for await (const chunk of body) {
      bytes += chunk.length
      if (bytes > LIMITS.pushAnswerBytes.value) break
    }
  } catch {
    // The status counts, however the rest ends.
  }
}

function receiptOf({ status, retryAfter }: Answer, now: number): PushReceipt {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  if (status === 410) return { kind: 'gone' }
  const retryAfterMs = retryAfter === undefined ? undefined : delayOf(retryAfter, now)
  return {
    kind: 'failed',
    reason: `status ${status}`,
    ...(retryAfterMs !== undefined && { retryAfterMs })
  }
}

/** RFC 9110, section 10.2.3: seconds or a date. */
function delayOf(text: string, now: number): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** Codes only: messages of sockets name addresses, and those of TLS whole certificates. */
function reasonOf(error: unknown, signal: AbortSignal): string {
  if (error instanceof WebRefusal) return error.message
  if (signal.aborted) return 'no answer in time'
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'the request failed'
}
