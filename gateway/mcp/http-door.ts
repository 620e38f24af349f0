/** MCP over Streamable HTTP at `/mcp`: sessions for the revisions of 2025, none for those after. */
import type { McpHttpHandler } from '@modelcontextprotocol/server'
import { parseBoundedJson } from '../../core/bounded-json.ts'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { Counts } from '../../core/counts.ts'
import { LumosError } from '../../core/errors.ts'
import { isJsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { decideByScopes } from '../../trust/policy.ts'
import type { Caller, Callers } from '../http/callers.ts'
import { httpStatusOf, rpcErrorOf } from '../http/errors.ts'
import type { RefuseFor } from '../http/refusal.ts'
import { readJsonBody, sendJson } from '../http/request.ts'
import type { HttpDoor, HttpRequest } from '../http/request.ts'
import { createPlaces } from '../live/places.ts'
import { createCallerOperations } from './caller-operations.ts'
import type { EdgeOperations } from './caller-operations.ts'
import { createMcpSessions } from './http-sessions.ts'
import type { McpSessions } from './http-sessions.ts'
import type { ResourceMetadata } from './resource-metadata.ts'
import { createSwarmServer, onClosed } from './swarm-server.ts'
import type { McpEra, SwarmOperations } from './swarm-server.ts'
import { createToolWatch } from './tool-watch.ts'
import type { ToolWatch, ToolWatchComponents } from './tool-watch.ts'
import { sendAnswer, webRequest } from './web-exchange.ts'

export interface McpHttpDoorComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly callers: Pick<Callers, 'permit' | 'reaches' | 'sees'>
  readonly operations: EdgeOperations
  readonly onAgents: ToolWatchComponents['onAgents']
}

export interface McpHttpDoorInit {
  /** Of this node. */
  readonly version: string
}

/** Stopped, it has ended all sessions and streams; the tasks that clients waited for go on. */
export interface McpHttpDoor extends Component {
  readonly door: HttpDoor
}

const MCP_PATH = '/mcp'
/** Others mean nothing here; the web's Request does not even know some of them. */
const METHODS = ['GET', 'POST', 'DELETE']
const PARSE_ERROR = { code: -32_700, message: 'the body is not JSON' }
const METHOD_ERROR = { code: -32_601, message: `use one of ${METHODS.join(', ')}` }
const RETRY_AFTER_MS = 1000

/** An error of JSON-RPC, also for who never gets in. */
export function createMcpRefusal(metadata?: Pick<ResourceMetadata, 'challenge'>): RefuseFor {
  return (path, failure) => {
    if (path !== MCP_PATH) return undefined
    const status = failure.code === 'CONTENT_TYPE_UNSUPPORTED' ? 415 : httpStatusOf(failure)
    const challenge = metadata?.challenge()
    const body = rpcDocument(rpcErrorOf(failure))
    return { status, body, ...(challenge !== undefined && { challenge }) }
  }
}

export function createMcpHttpDoor(
  components: McpHttpDoorComponents,
  init: McpHttpDoorInit
): McpHttpDoor {
  return new Door(components, init)
}

interface Serving {
  readonly modern: McpHttpHandler
  readonly sessions: McpSessions
  close(): Promise<void>
}

class Door implements McpHttpDoor {
  readonly #parts: McpHttpDoorComponents
  readonly #version: string
  readonly #watch: ToolWatch
  /** By caller: requests that are being answered. */
  readonly #open = new Counts<string>()
  /** Who is told what changes, without a session. */
  readonly #listening = createPlaces({ most: LIMITS.mcpSessions.value, strangers: 0 })
  #ending = new AbortController()
  /** The SDK is loaded for the first client. */
  #serving: Promise<Serving> | undefined

  constructor(parts: McpHttpDoorComponents, { version }: McpHttpDoorInit) {
    this.#parts = parts
    this.#version = version
    this.#watch = createToolWatch(parts)
  }

  async start(): Promise<void> {
    if (this.#ending.signal.aborted) this.#ending = new AbortController()
  }

  async stop(): Promise<void> {
    this.#ending.abort(new LumosError('SHUTTING_DOWN'))
    const serving = this.#serving
    this.#serving = undefined
    await (await serving)?.close()
    this.#watch.stop()
  }

  readonly door: HttpDoor = async (request) => {
    if (request.path !== MCP_PATH) return false
    if (!METHODS.includes(request.method)) {
      const headers = { allow: METHODS.join(', ') }
      sendJson(request, rpcDocument(METHOD_ERROR), { status: 405, headers })
      return true
    }
    const { who } = request.caller
    this.#open.add(who)
    try {
      if (this.#open.of(who) > LIMITS.mcpCallerRequests.value) {
        throw new LumosError('OVERLOADED', { details: { retryAfterMs: RETRY_AFTER_MS } })
      }
      await this.#answer(request)
    } finally {
      this.#open.remove(who)
    }
    return true
  }

  async #answer(request: HttpRequest): Promise<void> {
    this.#ending.signal.throwIfAborted()
    const { caller, method, response, signal } = request
    const { clock } = this.#parts
    let body: unknown
    if (method === 'POST') {
      const bytes = await readJsonBody(request, LIMITS.mcpRequestBytes.value)
      try {
        body = parseBoundedJson(bytes ?? new Uint8Array())
      } catch {
        return sendJson(request, rpcDocument(PARSE_ERROR), { status: 400 })
      }
    }
    const sdk = await import('@modelcontextprotocol/server')
    this.#serving ??= this.#serve()
    const { modern, sessions } = await this.#serving
    const asked = webRequest(request)
    const isLegacy = await sdk.isLegacyRequest(asked, body)
    const leave = isLegacy || !isListening(body) ? undefined : this.#takePlace(caller)
    try {
      const answer = isLegacy
        ? await sessions.answer(asked, caller, body)
        : await modern.fetch(asked, { parsedBody: body, authInfo: authInfoOf(caller) })
      await sendAnswer(response, answer, { clock, signal })
    } finally {
      leave?.()
    }
  }

  /** For a stream that tells what changes. @throws OVERLOADED */
  #takePlace({ owner }: Caller): () => void {
    if (!this.#listening.hasRoom(owner)) {
      throw new LumosError('OVERLOADED', { details: { retryAfterMs: RETRY_AFTER_MS } })
    }
    const place = this.#listening.take(owner)
    return () => place.leave()
  }

  async #serve(): Promise<Serving> {
    const sdk = await import('@modelcontextprotocol/server')
    const { clock, logger } = this.#parts
    const modern = sdk.createMcpHandler(
      ({ era, authInfo }) => this.#createServer(callerIn(authInfo?.extra), { era }),
      {
        legacy: 'reject',
        keepAliveMs: LIMITS.gatewayHeartbeat.value,
        maxSubscriptions: LIMITS.mcpSessions.value,
        onerror: (error) => logger.debug('a request of MCP failed', { error })
      }
    )
    const sessions = createMcpSessions({
      clock,
      createServer: async (caller, onBusy) => {
        const server = await this.#createServer(caller, { era: 'legacy', onBusy })
        const stopWatch = this.#watch.on(() => void server.sendToolListChanged().catch(() => {}))
        onClosed(server, stopWatch)
        return server
      }
    })
    const stopTools = this.#watch.on(() => modern.notify.toolsChanged())
    return {
      modern,
      sessions,
      async close() {
        stopTools()
        await modern.close()
        await sessions.close()
      }
    }
  }

  #createServer(
    caller: Caller,
    { era, onBusy }: { readonly era: McpEra; readonly onBusy?: (change: 1 | -1) => void }
  ) {
    const { logger } = this.#parts
    const own = createCallerOperations(this.#parts, caller)
    const operations = onBusy === undefined ? own : busyWhileRunning(own, onBusy)
    const memory = decideByScopes(caller.scopes, 'memory.read').allowed
    const ending = this.#ending.signal
    return createSwarmServer(
      { operations, logger, ending },
      { era, version: this.#version, memory }
    )
  }
}

/** A session that waits for a task is none that can give way, even while its stream is cut. */
function busyWhileRunning(
  operations: SwarmOperations,
  onBusy: (change: 1 | -1) => void
): SwarmOperations {
  async function* counted<T>(events: AsyncIterable<T>): AsyncIterable<T> {
    onBusy(1)
    try {
      yield* events
    } finally {
      onBusy(-1)
    }
  }
  return {
    ...operations,
    run: (request, signal) => counted(operations.run(request, signal)),
    taskEvents: (id, signal, follow) => counted(operations.taskEvents(id, signal, follow))
  }
}

/** The SDK counts such streams, too, but not by whose they are. */
function isListening(body: unknown): boolean {
  return isJsonObject(body) && body['method'] === 'subscriptions/listen'
}

/** How the SDK hands the caller through. The token itself stays with whoever has checked it. */
function authInfoOf(caller: Caller) {
  return { token: '', clientId: caller.who, scopes: [...caller.scopes], extra: { caller } }
}

function callerIn(extra: Record<string, unknown> | undefined): Caller {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what authInfoOf has put there
  return extra?.['caller'] as Caller
}

function rpcDocument(error: object): object {
  return { jsonrpc: '2.0', id: null, error }
}
