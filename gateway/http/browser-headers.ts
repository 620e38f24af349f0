/** What every answer tells browsers: to guess nothing, to run nothing, and which pages may read it. */
import type { IncomingMessage, ServerResponse } from 'node:http'

const ALWAYS = {
  // Documents for programs; a door that serves a page says what that page may do.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  // What is answered is for whoever has asked; a door that knows better says so.
  'cache-control': 'no-store'
} as const

/** A year, as browsers' preload lists want at least. */
const STRICT_TRANSPORT = 'max-age=31536000'
/** How long a browser remembers that it may ask; Chrome takes no more than two hours. */
const PREFLIGHT_AGE = '7200'

/** @param isTls whether the connection is encrypted by this server itself */
export function setSecureHeaders(response: ServerResponse, isTls: boolean): void {
  for (const [name, value] of Object.entries(ALWAYS)) response.setHeader(name, value)
  if (isTls) response.setHeader('strict-transport-security', STRICT_TRANSPORT)
}

/**
 * Lets a page of `origin` read the answer. Without `Access-Control-Allow-Credentials`: what the browser
 * holds by itself, such as client certificates, is not the page's to use.
 */
export function allowPage(response: ServerResponse, origin: string): void {
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('access-control-expose-headers', '*')
  response.setHeader('vary', 'Origin')
}

/** Whether a browser only asks what a page may send. It shows no credential, so it is answered without one. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

/** `Authorization` has to be named: the star does not stand for it (Fetch, "CORS-safelisted"). */
export function answerPreflight(response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers': 'Authorization, *',
    'access-control-max-age': PREFLIGHT_AGE
  })
  response.end()
}
