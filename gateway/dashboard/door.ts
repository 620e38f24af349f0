/** `/dashboard/`: the files of the dashboard for everybody, and its sign-in for who holds a code. */
import type { IncomingMessage } from 'node:http'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Identity } from '../http/authenticators.ts'
import { bearerOf } from '../http/authenticators.ts'
import type { Authenticator } from '../http/authenticators.ts'
import type { PublicRequest } from '../http/request.ts'
import { routeUnknown, sendJson } from '../http/request.ts'
import type { DashboardFile, DashboardFiles } from './files.ts'
import { DASHBOARD_SCOPES, DASHBOARD_TOKEN } from './sessions.ts'
import type { DashboardSessions } from './sessions.ts'

export interface DashboardDoorComponents {
  readonly logger: Logger
  readonly sessions: Pick<DashboardSessions, 'end' | 'exchange'>
  readonly files: DashboardFiles
}

export const DASHBOARD_PATH = '/dashboard/'
const SESSION_PATH = '/dashboard/session'

/** The page is what this node serves, talks to this node, and is shown in no other page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'"
].join('; ')

const NOT_BUILT = `The dashboard is not built here.
In a checkout: npm run build
`

/** False for a path that is another's. */
export function createDashboardDoor(
  components: DashboardDoorComponents
): (request: PublicRequest) => boolean {
  const { logger, files } = components
  return (request) => {
    const { path } = request
    if (path === '/dashboard') return redirected(request)
    if (path === SESSION_PATH) return answerSession(components, request)
    if (!path.startsWith(DASHBOARD_PATH)) return false
    onlyReads(request)
    const name = path.slice(DASHBOARD_PATH.length)
    files
      .find(name === '' ? 'index.html' : name)
      .then((file) => sendFile(request, file, name))
      .catch((error: unknown) => {
        logger.error('a file of the dashboard was not sent', { path: path.slice(0, 256), error })
        request.response.destroy()
      })
    return true
  }
}

/** POST makes a session of a code, DELETE ends the one of a token; both are shown as bearer. */
function answerSession(
  { sessions }: Pick<DashboardDoorComponents, 'sessions'>,
  request: PublicRequest
): boolean {
  const shown = bearerOf(request.incoming) ?? ''
  if (request.method === 'POST') sendJson(request, { v: 1, ...sessions.exchange(shown) })
  else if (request.method === 'DELETE') {
    sessions.end(shown)
    sendJson(request, { v: 1, ok: true })
  } else throw routeUnknown(request)
  return true
}

function redirected(request: PublicRequest): boolean {
  onlyReads(request)
  request.response.writeHead(308, { location: DASHBOARD_PATH, 'content-length': 0 })
  request.response.end()
  return true
}

function sendFile(
  { method, response, incoming }: PublicRequest,
  file: DashboardFile | undefined,
  name: string
): void {
  if (file === undefined) {
    const body = name === '' ? NOT_BUILT : 'There is no such file.\n'
    response.writeHead(name === '' ? 503 : 404, { 'content-type': 'text/plain; charset=utf-8' })
    response.end(method === 'HEAD' ? undefined : body)
    return
  }
  const { type, etag, isImmutable } = file
  const headers = {
    etag,
    vary: 'Accept-Encoding',
    'cache-control': isImmutable
      ? `public, max-age=${LIMITS.dashboardCache.value / 1000}, immutable`
      : 'no-cache',
    'content-security-policy': POLICY,
    'cross-origin-opener-policy': 'same-origin'
  }
  if (incoming.headers['if-none-match'] === etag) {
    response.writeHead(304, headers)
    response.end()
    return
  }
  const isZipped = file.gzipped !== undefined && takesGzip(incoming)
  const body = isZipped ? file.gzipped : file.body
  response.writeHead(200, {
    ...headers,
    'content-type': type,
    'content-length': body.length,
    ...(isZipped && { 'content-encoding': 'gzip' })
  })
  response.end(method === 'HEAD' ? undefined : body)
}

function takesGzip({ headers }: IncomingMessage): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0+)?\s*(?:,|$))/.test(headers['accept-encoding'] ?? '')
}

function onlyReads(request: PublicRequest): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw routeUnknown(request)
}

/** By the sessions of the dashboard: these act as the user of this machine, within DASHBOARD_SCOPES. */
export function createDashboardAuthenticator(
  sessions: Pick<DashboardSessions, 'verify'>
): Authenticator {
  return {
    async authenticate(incoming): Promise<Identity | undefined> {
      const token = bearerOf(incoming)
      if (token === undefined || !DASHBOARD_TOKEN.test(token)) return undefined
      const session = sessions.verify(token)
      if (session === undefined) throw new LumosError('API_TOKEN_REFUSED')
      const { who, ended } = session
      return { who, scopes: DASHBOARD_SCOPES, ended, local: true }
    }
  }
}
