/** The HTTP server of a node: one for all doors, with bounds on what clients can do to it. */
import { createServer } from 'node:http'
import type {
  IncomingMessage,
  RequestListener,
  Server,
  ServerOptions,
  ServerResponse
} from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Component } from '../../core/component.ts'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { inRequest } from '../../core/request-trace.ts'
import type { RequestTraceInit } from '../../core/request-trace.ts'
import { asFailure } from '../control/failure.ts'
import { allowPage, answerPreflight, isPreflight, setSecureHeaders } from './browser-headers.ts'
import type { Caller, Callers } from './callers.ts'
import { createConnections } from './connections.ts'
import { watchCredential } from './credential-watch.ts'
import type { Connections } from './connections.ts'
import { hostInUrl, isWildcard, listenOn, LOOPBACK } from './loopback.ts'
import { refusalOf } from './refusal.ts'
import type { Refusal, RefuseFor } from './refusal.ts'
import type { HttpMeter } from './http-meter.ts'
import { routeUnknown, sendJson } from './request.ts'
import { requestIdOf, tellRequestId } from './request-id.ts'
import type { HttpDoor, HttpRequest, PublicRequest } from './request.ts'
import { refuseAmbiguous } from './strictness.ts'
import { createTlsFiles } from './tls-files.ts'
import type { TlsInit } from './tls-files.ts'
import { createTlsServer } from './tls-server.ts'
import { refuseUpgrade } from './upgrade.ts'
import type { Upgrade, UpgradeDoor } from './upgrade.ts'

export interface HttpServerComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly callers: Callers
  /** Asked one after the other. */
  readonly doors: readonly HttpDoor[]
  /** Answers what is for everybody; false for what is not. */
  readonly publicly?: (request: PublicRequest) => boolean
  /** Asked one after the other by whoever wants to speak WebSocket. */
  readonly upgrades?: readonly UpgradeDoor[]
  /** Also for what never gets to a door: without a token, say. */
  readonly refusals?: readonly RefuseFor[]
  readonly meter?: HttpMeter
  /** Names a request that comes without a name. */
  readonly newRequestId: () => string
}

export interface HttpServerInit {
  readonly host: string
  /** Tried in order; 0 is any free one. */
  readonly ports: readonly number[]
  /** Where clients reach it, when that is not where it listens. */
  readonly url?: string
  /** Without it, plain HTTP. */
  readonly tls?: TlsInit
  /** For a client to send a whole request. */
  readonly requestMs?: number
  /** At the same time. */
  readonly connections?: number
}

/** Started, it answers; stopped, answers under way have LIMITS.gatewayDrain to end. */
export interface HttpServer extends Component {
  /** While it is started: `http://127.0.0.1:5869`. */
  readonly url: string | undefined
}

export function createHttpServer(
  components: HttpServerComponents,
  init: HttpServerInit
): HttpServer {
  return new NodeHttpServer(components, init)
}

class NodeHttpServer implements HttpServer {
  readonly #parts: HttpServerComponents
  readonly #init: HttpServerInit
  #server: Server | TlsServer | undefined
  readonly #connections: Connections
  #stopping = new AbortController()
  url: string | undefined

  constructor(parts: HttpServerComponents, init: HttpServerInit) {
    this.#parts = parts
    this.#init = init
    const { connections: most = LIMITS.gatewayConnections.value } = init
    const onRejected = (): void => parts.meter?.rejected()
    this.#connections = createConnections({ most, onRejected })
    parts.meter?.watch(this.#connections)
  }

  /** @throws LISTEN_FAILED, TLS_FILE_UNUSABLE, TLS_KEY_MISMATCH */
  async start(): Promise<void> {
    if (this.#server !== undefined) return
    this.#stopping = new AbortController()
    const { host, ports, url, tls } = this.#init
    const server = await this.#create((incoming, outgoing) => void this.#answer(incoming, outgoing))
    server.on('connection', (socket: Socket) => this.#connections.take(socket))
    const { signal } = this.#stopping
    server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
      const [path = ''] = (incoming.url ?? '/').split('?')
      this.#upgrade({ path, incoming, socket, head, signal })
    })
    const port = await this.#listen(server, ports)
    this.#server = server
    const scheme = tls === undefined ? 'http' : 'https'
    this.url = url ?? `${scheme}://${hostInUrl(isWildcard(host) ? LOOPBACK : host)}:${port}`
  }

  async #listen(
    server: Server | TlsServer,
    [port = 0, ...others]: readonly number[]
  ): Promise<number> {
    try {
      return await listenOn(server, { host: this.#init.host, port })
    } catch (error) {
      if (others.length > 0) return this.#listen(server, others)
      this.#stopping.abort()
      throw error
    }
  }

  async #create(listener: RequestListener): Promise<Server | TlsServer> {
    const { tls, requestMs = LIMITS.gatewayRequest.value } = this.#init
    const options: ServerOptions = {
      // For the request alone: an answer may be a stream that goes on for hours.
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: requestMs / 4,
      keepAliveTimeout: LIMITS.gatewayIdle.value,
      // Offers of HTTP/2, which curl makes, may be left aside (RFC 9110, section 7.8).
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket'
    }
    if (tls === undefined) return createServer(options, listener)
    const parts = { ...this.#parts, files: createTlsFiles(tls) }
    const { signal } = this.#stopping
    return createTlsServer(parts, { ...tls, options, signal }, listener)
  }

  async stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    this.url = undefined
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    this.#stopping.abort(new LumosError('SHUTTING_DOWN'))
    const cancel = this.#parts.clock.after(LIMITS.gatewayDrain.value, () =>
      server.closeAllConnections()
    )
    server.closeIdleConnections()
    await closed
    cancel()
  }

  #upgrade(upgrade: Upgrade): void {
    const { upgrades = [] } = this.#parts
    const { path, incoming, socket } = upgrade
    const ended = this.#connections.begin(incoming.socket)
    if (upgrades.some((door) => door(upgrade))) {
      socket.once('close', ended)
      return
    }
    // Until its refusal has left, it gives way to whoever comes.
    ended()
    refuseUpgrade(socket, routeUnknown({ method: incoming.method ?? '', path }), this.#parts.clock)
  }

  /** What is answered ends with the credential of its caller, and is cut if it does not. */
  #endWith(
    caller: Caller,
    { incoming, response, gone }: Exchange & { readonly gone: AbortController }
  ): () => void {
    const { clock } = this.#parts
    return watchCredential(this.#parts, incoming, {
      caller,
      onEnded(refusal) {
        gone.abort(refusal)
        const keep = clock.after(LIMITS.gatewayDrain.value, () => response.destroy())
        response.once('close', keep)
      }
    })
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, logger, callers, doors, meter, newRequestId } = this.#parts
    const { method = '', url = '/' } = incoming
    const [path = '', ...search] = url.split('?')
    const arrived = clock.monotonic()
    const id = requestIdOf(incoming.headers, newRequestId)
    tellRequestId(response, id)
    const gone = new AbortController()
    const stopping = this.#stopping.signal
    const stop = (): void => gone.abort(stopping.reason)
    stopping.addEventListener('abort', stop, { once: true })
    const answered = this.#connections.begin(incoming.socket)
    response.once('close', () => {
      answered()
      meter?.answered(path, response.writableFinished ? response.statusCode : undefined)
      stopping.removeEventListener('abort', stop)
      gone.abort(GONE)
      const { statusCode: status } = response
      const tookMs = Math.round(clock.monotonic() - arrived)
      logger.debug('answered', { request: id, method, path, status, tookMs })
    })
    setSecureHeaders(response, this.#init.tls !== undefined)
    try {
      stopping.throwIfAborted()
      refuseAmbiguous(incoming)
      const page = callers.admit(incoming)
      if (page !== undefined) allowPage(response, page)
      if (page !== undefined && isPreflight(incoming)) return answerPreflight(response)
      if (this.#parts.publicly?.({ method, path, incoming, response }) === true) return
      const caller = await callers.identify(incoming)
      this.#connections.trust(incoming.socket)
      gone.signal.throwIfAborted()
      response.once('close', callers.answering(caller))
      response.once('close', this.#endWith(caller, { incoming, response, gone }))
      const query = new URLSearchParams(search.join('?'))
      const request = { method, path, query, incoming, response, caller, signal: gone.signal }
      await inRequest({ id, ...tracingOf(request) }, () => passOn(request, doors))
    } catch (error) {
      const failure = asFailure(error, clock.monotonic() - arrived)
      if (failure.code === 'INTERNAL')
        logger.error('an HTTP request failed', { request: id, path, error })
      meter?.refused(failure.code)
      const { refusals = [] } = this.#parts
      const own = refusals.map((refuseFor) => refuseFor(path, failure)).find(Boolean)
      refuse({ incoming, response }, failure, own ?? refusalOf(failure))
    }
  }
}

type Exchange = Pick<HttpRequest, 'incoming' | 'response'>

/** Made once: an error with its stack takes 8 µs, and each request ends with one. */
const GONE = new DOMException('the request is over', 'AbortError')

/** @throws ROUTE_UNKNOWN; what a door throws */
async function passOn(request: HttpRequest, doors: readonly HttpDoor[]): Promise<void> {
  for (const door of doors) if (await door(request)) return
  throw routeUnknown(request)
}

/** Given back as soon as there is an order, unless the answer has begun. */
function tracingOf({ incoming, response }: HttpRequest): RequestTraceInit {
  return {
    traceparent: incoming.headers['traceparent'],
    onOrder(traceparent) {
      if (!response.headersSent) response.setHeader('traceparent', traceparent)
    }
  }
}

/** What has begun cannot be taken back: then the reader sees that the answer was cut. */
function refuse(
  { incoming, response }: Exchange,
  failure: LumosError,
  { status, body, headers: own, challenge }: Refusal
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const headers = {
    ...own,
    ...(status === 401 && { 'www-authenticate': challengeFor(incoming, challenge) }),
    ...retryAfter(failure),
    // Nobody reads the rest of its request.
    ...(!incoming.complete && { connection: 'close' })
  }
  sendJson({ response }, body, { status, headers })
}

/** RFC 6750, section 3: whoever has shown nothing learns only what to show. */
function challengeFor({ headers }: IncomingMessage, more: string | undefined): string {
  const error = headers.authorization === undefined ? [] : ['error="invalid_token"']
  return `Bearer ${[...error, ...(more === undefined ? [] : [more])].join(', ')}`.trim()
}

function retryAfter({ details }: LumosError): object {
  const { retryAfterMs } = details
  if (typeof retryAfterMs !== 'number') return {}
  return { 'retry-after': Math.max(1, Math.ceil(retryAfterMs / 1000)) }
}
