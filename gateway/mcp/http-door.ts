/** MCP over Streamable HTTP on the loopback interface, for those who have the token. */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type {
  McpHttpHandler,
  Server,
  WebStandardStreamableHTTPServerTransport
} from '@modelcontextprotocol/server'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { foreignHeader, listenOnLoopback, LOOPBACK } from '../http/loopback.ts'
import type { McpEra } from './swarm-server.ts'

const MCP_PATH = '/mcp'

export interface McpHttpDoor {
  readonly url: string
  /** Resolves when all is closed. */
  readonly closed: Promise<void>
}

export interface McpHttpComponents {
  readonly clock: Clock
  readonly logger: Logger
  /** For one request of the revisions without sessions. */
  readonly createServer: (era: McpEra) => Promise<Server>
  /** For a session of the revisions of 2025. */
  readonly createSession: (era: McpEra) => Promise<Server>
  readonly onTools: (listener: () => void) => () => void
}

interface Session {
  readonly transport: WebStandardStreamableHTTPServerTransport
  readonly server: Server
  /** Requests that are being answered, the stream of notifications included. */
  open: number
  usedAt: number
}

export interface McpHttpInit {
  /** 0: any free one. */
  readonly port: number
  /** What every request needs. */
  readonly token: string
  /** For a client to send a whole request. */
  readonly requestMs?: number
}

/** Until `ending` aborts. Throws LISTEN_FAILED. */
export async function openMcpHttp(
  components: McpHttpComponents,
  { port, token, requestMs = LIMITS.mcpRequest.value }: McpHttpInit,
  ending: AbortSignal
): Promise<McpHttpDoor> {
  const { logger, createServer: createSwarmServer, onTools } = components
  const sdk = await import('@modelcontextprotocol/server')
  const limits = { maxRequestBodySize: LIMITS.mcpRequestBytes.value }
  const onerror = (error: Error): void => logger.debug('a request of MCP failed', { error })
  const modern: McpHttpHandler = sdk.createMcpHandler(({ era }) => createSwarmServer(era), {
    ...limits,
    legacy: 'reject',
    maxSubscriptions: LIMITS.mcpSessions.value,
    onerror
  })
  const sessions = createSessions(components, (onStart, onEnd) => {
    return new sdk.WebStandardStreamableHTTPServerTransport({
      ...limits,
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: onStart,
      onsessionclosed: onEnd
    })
  })
  const stopTools = onTools(() => modern.notify.toolsChanged())

  async function answer(request: Request): Promise<Response> {
    const refusal = refuse(request, token)
    if (refusal !== undefined) return refusal
    if (new URL(request.url).pathname !== MCP_PATH) return new Response(null, { status: 404 })
    const isLegacy = await sdk.isLegacyRequest(request, undefined, limits)
    return isLegacy ? sessions.answer(request) : modern.fetch(request)
  }

  const listener = getRequestListener(answer, { overrideGlobalObjects: false })
  const http = createServer(
    {
      // For the request alone: an answer may be a stream that goes on for hours.
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: requestMs / 2
    },
    (incoming, outgoing) => {
      sessions.track(incoming, outgoing)
      void listener(incoming, outgoing)
    }
  )
  http.maxConnections = LIMITS.controlConnections.value
  const bound = await listenOnLoopback(http, port)

  async function close(): Promise<void> {
    stopTools()
    const closed = new Promise((resolve) => http.close(resolve))
    await modern.close()
    await sessions.close()
    http.closeAllConnections()
    await closed
  }

  return {
    url: `http://${LOOPBACK}:${bound}${MCP_PATH}`,
    closed: aborted(ending).then(close)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

interface Sessions {
  answer(request: Request): Promise<Response>
  /** Keeps a session from being taken for an idle one while it is being answered. */
  track(incoming: IncomingMessage, outgoing: ServerResponse): void
  close(): Promise<void>
}

type CreateTransport = (
  onStart: (id: string) => void,
  onEnd: (id: string) => void
) => WebStandardStreamableHTTPServerTransport

function createSessions(
  { clock, createSession }: McpHttpComponents,
  createTransport: CreateTransport
): Sessions {
  const sessions = new Map<string, Session>()

  async function end(id: string): Promise<void> {
    const session = sessions.get(id)
    sessions.delete(id)
    await session?.server.close()
  }

  /** Room for one more: the one that was quiet for the longest time gives way. */
  async function makeRoom(): Promise<boolean> {
    if (sessions.size < LIMITS.mcpSessions.value) return true
    const [idle] = [...sessions]
      .filter(([, { open }]) => open === 0)
      .toSorted(([, a], [, b]) => a.usedAt - b.usedAt)
    if (idle === undefined) return false
    await end(idle[0])
    return true
  }

  async function begin(request: Request): Promise<Response> {
    if (!(await makeRoom())) return rpcError(503, 'too many clients')
    const server = await createSession('legacy')
    const transport = createTransport(
      (id) => sessions.set(id, { transport, server, open: 0, usedAt: clock.monotonic() }),
      (id) => void end(id)
    )
    await server.connect(transport)
    const response = await transport.handleRequest(request)
    // Whatever it was, it began no session.
    if (transport.sessionId === undefined) await server.close()
    return response
  }

  return {
    async answer(request) {
      const id = request.headers.get('mcp-session-id')
      if (id === null) return begin(request)
      const session = sessions.get(id)
      // By this a client knows that it has to greet again.
      return session?.transport.handleRequest(request) ?? rpcError(404, 'no such session')
    },
    track(incoming, outgoing) {
      const session = sessions.get(String(incoming.headers['mcp-session-id']))
      if (session === undefined) return
      session.open += 1
      session.usedAt = clock.monotonic()
      outgoing.once('close', () => {
        session.open -= 1
        session.usedAt = clock.monotonic()
      })
    },
    async close() {
      await Promise.all(Array.from(sessions.keys(), end))
    }
  }
}

/** A page in a browser that calls this machine by a name of its own, and anybody without the token. */
function refuse(request: Request, token: string): Response | undefined {
  const [host, origin] = ['host', 'origin'].map((name) => request.headers.get(name) ?? undefined)
  const foreign = foreignHeader({ host, origin })
  if (foreign !== undefined) return rpcError(403, `the ${foreign} is not this machine`)
  const given = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
  if (isSame(given, token)) return refuseForm(request)
  const refused = rpcError(401, 'the token is missing or wrong')
  refused.headers.set('www-authenticate', 'Bearer')
  return refused
}

/** What a form of a web page can send without asking first is no message. */
function refuseForm({ method, headers }: Request): Response | undefined {
  const isJson = /^application\/json\s*(;|$)/i.test(headers.get('content-type') ?? '')
  return method !== 'POST' || isJson ? undefined : rpcError(415, 'a message is application/json')
}

/** In a time that tells nothing of where they differ. */
function isSame(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function rpcError(status: number, message: string): Response {
  const error = { code: -32_000, message }
  return Response.json({ jsonrpc: '2.0', id: null, error }, { status })
}
