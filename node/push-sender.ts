/** Sends push notifications over HTTP, and connects to nothing that `PushTargets` does not allow. */
import { lookup } from 'node:dns/promises'
import { request as requestHttp } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { RequestOptions } from 'node:https'
import { isIP } from 'node:net'
import { LIMITS } from '../core/limits.ts'
import type { PushReceipt, PushRequest, PushSender } from '../tasks/push-delivery.ts'
import type { PushTargets } from '../tasks/push-target.ts'

export interface ResolvedAddress {
  readonly address: string
  readonly family: number
}

/** All addresses of a host. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>

export interface PushSenderComponents {
  readonly targets: PushTargets
  /** Milliseconds since the epoch: `Retry-After` may name a date. */
  readonly now: () => number
  readonly resolve?: Resolve
}

const resolveBySystem: Resolve = (hostname) => lookup(hostname, { all: true })

/** Those that keep method and body; 303 asks for another request, which no notification is. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 307, 308])

export function createPushSender({
  targets,
  now,
  resolve = resolveBySystem
}: PushSenderComponents): PushSender {
  return async (request, signal) => {
    try {
      const answer = await follow({ targets, resolve }, request, signal)
      return receiptOf(answer, now())
    } catch (error) {
      return { kind: 'failed', reason: reasonOf(error, signal) }
    }
  }
}

type Guard = Required<Pick<PushSenderComponents, 'targets' | 'resolve'>>

/** Why nothing was sent; safe to be logged. */
class Refusal extends Error {
  override readonly name = 'Refusal'
}

/** What is left of an answer. */
interface Answer {
  readonly status: number
  readonly location?: string | undefined
  readonly retryAfter?: string | undefined
}

async function follow(guard: Guard, request: PushRequest, signal: AbortSignal): Promise<Answer> {
  const first = new URL(request.url)
  let url = first
  // A redirect must not carry the caller's secrets to somebody else, nor bring them back from there.
  let trusted = true
  for (let redirects = 0; ; redirects += 1) {
    const headers = { ...request.headers, ...(trusted && request.credentials) }
    const answer = await post(guard, { url, headers, body: request.body }, signal)
    if (!REDIRECTS.has(answer.status) || answer.location === undefined) return answer
    if (redirects >= LIMITS.pushRedirects.value) throw new Refusal('too many redirects')
    const next = URL.parse(answer.location, url.href)
    if (next === null) throw new Refusal('a redirect is malformed')
    if (url.protocol === 'https:' && next.protocol !== 'https:') {
      throw new Refusal('a redirect leads from https to something else')
    }
    url = next
    trusted &&= url.origin === first.origin
  }
}

interface Post {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

async function post(
  guard: Guard,
  { url, headers, body }: Post,
  signal: AbortSignal
): Promise<Answer> {
  const addresses = await resolveChecked(guard, url, signal)
  const bytes = Buffer.from(body)
  const options: RequestOptions = {
    method: 'POST',
    headers: { ...headers, 'Content-Length': bytes.length, 'User-Agent': 'lumos' },
    // A connection of its own, without the proxies that a shared agent may be told of.
    agent: false,
    lookup: (_, { all }, callback) => {
      const [first] = addresses
      if (all === true) callback(null, [...addresses])
      else callback(null, first.address, first.family)
    },
    signal
  }
  const request = url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options)
  const answer = await answered(request, bytes)
  const { statusCode = 0, headers: told } = answer
  await drain(answer)
  return { status: statusCode, location: told.location, retryAfter: told['retry-after'] }
}

/**
 * The socket gets these very addresses and asks nobody again: a name that means another address a
 * moment later changes nothing.
 */
async function resolveChecked(
  { targets, resolve }: Guard,
  url: URL,
  signal: AbortSignal
): Promise<readonly [ResolvedAddress, ...ResolvedAddress[]]> {
  const refusal = targets.refusal(url)
  if (refusal !== undefined) throw new Refusal(refusal)
  const literal = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const family = isIP(literal)
  const found =
    family === 0
      ? await unlessAborted(resolve(url.hostname), signal)
      : [{ address: literal, family }]
  for (const { address } of found) {
    const reason = targets.addressRefusal(url, address)
    // One forbidden address among public ones is an attack, or a mistake of the same effect.
    if (reason !== undefined) throw new Refusal(reason)
  }
  const [first, ...rest] = found
  if (first === undefined) throw new Refusal('its host has no address')
  return [first, ...rest]
}

/** A name server that says nothing cannot be told to stop. */
function unlessAborted<T>(wait: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    wait.then(resolve, reject)
  })
}

function answered(request: ClientRequest, body: Uint8Array): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    // Stays, as a request may fail a second time: an error that nobody hears ends the process.
    request.on('error', reject)
    // Without a word: a change of protocols that nobody asked for, say.
    request.once('close', () => reject(new Refusal('the connection was closed')))
    request.end(body)
  })
}

/** What a receiver says besides its status is read so that it can finish, and dropped. */
async function drain(answer: IncomingMessage): Promise<void> {
  let bytes = 0
  try {
    for await (const chunk of answer) {
      bytes += Buffer.isBuffer(chunk) ? chunk.length : 0
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
  if (error instanceof Refusal) return error.message
  if (signal.aborted) return 'no answer in time'
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'the request failed'
}
