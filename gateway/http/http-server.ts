/** The HTTP server of a node, on loopback: one for all doors, with bounds on what clients can do to it. */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Component } from '../../core/component.ts'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { asFailure } from '../control/failure.ts'
import type { Callers } from './callers.ts'
import { httpStatusOf, restErrorOf } from './errors.ts'
import { LOOPBACK, listenOnLoopback } from './loopback.ts'
import { sendJson } from './request.ts'
import type { HttpDoor } from './request.ts'

export interface HttpServerComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly callers: Callers
  /** Asked one after the other. */
  readonly doors: readonly HttpDoor[]
}

export interface HttpServerInit {
  /** Tried in order; 0 is any free one. */
  readonly ports: readonly number[]
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
  return new LoopbackServer(components, init)
}

class LoopbackServer implements HttpServer {
  readonly #parts: HttpServerComponents
  readonly #ports: readonly number[]
  #server: Server | undefined
  #stopping = new AbortController()
  url: string | undefined

  constructor(parts: HttpServerComponents, { ports }: HttpServerInit) {
    this.#parts = parts
    this.#ports = ports
  }

  /** @throws LISTEN_FAILED */
  async start(): Promise<void> {
    if (this.#server !== undefined) return
    this.#stopping = new AbortController()
    const server = createServer(
      {
        // For the request alone: an answer may be a stream that goes on for hours.
        headersTimeout: LIMITS.gatewayRequest.value,
        requestTimeout: LIMITS.gatewayRequest.value,
        connectionsCheckingInterval: LIMITS.gatewayRequest.value / 4
      },
      (incoming, outgoing) => void this.#answer(incoming, outgoing)
    )
    server.maxConnections = LIMITS.gatewayConnections.value
    const port = await listen(server, this.#ports)
    this.#server = server
    this.url = `http://${LOOPBACK}:${port}`
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

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, logger, callers, doors } = this.#parts
    const arrived = clock.monotonic()
    const gone = new AbortController()
    const stopping = this.#stopping.signal
    const stop = (): void => gone.abort(stopping.reason)
    stopping.addEventListener('abort', stop, { once: true })
    response.once('close', () => {
      stopping.removeEventListener('abort', stop)
      gone.abort()
    })
    response.setHeader('x-content-type-options', 'nosniff')
    const { method = '', url = '/' } = incoming
    const [path = '', ...search] = url.split('?')
    try {
      stopping.throwIfAborted()
      const caller = await callers.identify(incoming)
      const query = new URLSearchParams(search.join('?'))
      const request = { method, path, query, incoming, response, caller, signal: gone.signal }
      for (const door of doors) if (await door(request)) return
      throw new LumosError('ROUTE_UNKNOWN', { details: { method, path: path.slice(0, 256) } })
    } catch (error) {
      const failure = asFailure(error, clock.monotonic() - arrived)
      if (failure.code === 'INTERNAL') logger.error('an HTTP request failed', { path, error })
      refuse({ incoming, response }, failure)
    }
  }
}

/** What has begun cannot be taken back: then the reader sees that the answer was cut. */
function refuse(
  { incoming, response }: { readonly incoming: IncomingMessage; readonly response: ServerResponse },
  failure: LumosError
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const status = httpStatusOf(failure)
  const headers = {
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    // Nobody reads the rest of its request.
    ...(!incoming.complete && { connection: 'close' })
  }
  sendJson({ response }, restErrorOf(failure), { status, headers })
}

async function listen(server: Server, [port = 0, ...others]: readonly number[]): Promise<number> {
  try {
    return await listenOnLoopback(server, port)
  } catch (error) {
    if (others.length === 0) throw error
    return listen(server, others)
  }
}
