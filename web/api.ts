/** How this page asks its node: the typed client with the session's token, and the exchange of a code for one. */
import { createClient } from '../client/browser.ts'
import type { HttpClient } from '../client/browser.ts'

/** `url`: of the node, for example `http://127.0.0.1:5869`. */
export function createApi(url: string, token: string): HttpClient {
  return createClient({ url, token })
}

/** Milliseconds for a node to answer. */
const EXCHANGE_TIMEOUT_MS = 10_000

/** A failure as the node words it, or as the client does when there is no node. */
export interface Refusal {
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/** The token of a new session, for a code that `lumos dashboard` was given. @throws Refusal */
export async function exchangeCode(url: string, code: string): Promise<string> {
  let response: Response
  try {
    response = await fetch(new URL('/dashboard/session', url), {
      method: 'POST',
      headers: { authorization: `Bearer ${code}` },
      signal: AbortSignal.timeout(EXCHANGE_TIMEOUT_MS)
    })
  } catch {
    throw refusal({ code: 'DAEMON_DOWN', message: 'The node does not answer.' })
  }
  const document: unknown = await response.json().catch(() => undefined)
  if (isToken(document)) return document.token
  throw refusal(isFailure(document) ? document.error : UNREADABLE)
}

const UNREADABLE: Refusal = {
  code: 'INTERNAL',
  message: 'The node answered with something else than a session.'
}

function refusal({ code, message, hint }: Refusal): Error & Refusal {
  return Object.assign(new Error(message), { code, ...(hint !== undefined && { hint }) })
}

function isToken(value: unknown): value is { readonly token: string } {
  return hasKey(value, 'token') && typeof value.token === 'string'
}

function isFailure(value: unknown): value is { readonly error: Refusal } {
  return hasKey(value, 'error') && hasKey(value.error, 'message')
}

function hasKey<K extends string>(value: unknown, key: K): value is Record<K, unknown> {
  return typeof value === 'object' && value !== null && key in value
}
