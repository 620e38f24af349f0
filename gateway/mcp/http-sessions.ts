/** Sessions of the revisions of 2025: each is its caller's alone, and remembers what it told. */
import { randomUUID } from 'node:crypto'
import type { Server, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server'
import type { Clock } from '../../core/clock.ts'
import { LumosError, invalidRequest } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Caller } from '../http/callers.ts'
import { createReplayStore } from './replay-store.ts'
import type { ReplayStore } from './replay-store.ts'

export interface McpSessions {
  /**
   * @param body what was posted, parsed
   * @throws MCP_SESSION_UNKNOWN, also for another caller's; OVERLOADED, INVALID_REQUEST
   */
  answer(request: Request, caller: Caller, body: unknown): Promise<Response>
  close(): Promise<void>
}

export interface McpSessionsComponents {
  readonly clock: Clock
  /** `onBusy` is told +1 when something begins that has to outlive a cut stream, and -1 when it ends. */
  readonly createServer: (caller: Caller, onBusy: (change: 1 | -1) => void) => Promise<Server>
}

interface Session {
  readonly who: string
  /** Its server works by these: who comes with others begins anew. */
  readonly rights: string
  readonly transport: WebStandardStreamableHTTPServerTransport
  readonly server: Server
  readonly store: ReplayStore
  /** Tasks that somebody waits for, whether or not its stream is there just now. */
  busy: number
  usedAt: number
}

/** A client whose stream was cut comes again after this; later it would wait for longer each time. */
const RETRY_MS = 1000

export function createMcpSessions(components: McpSessionsComponents): McpSessions {
  return new Sessions(components)
}

class Sessions implements McpSessions {
  readonly #parts: McpSessionsComponents
  readonly #sessions = new Map<string, Session>()
  /** Counted from their greeting on, so that many at once do not pass the limit together. */
  readonly #beginning = new Set<Caller>()

  constructor(parts: McpSessionsComponents) {
    this.#parts = parts
  }

  async answer(request: Request, caller: Caller, body: unknown): Promise<Response> {
    const options = { parsedBody: body }
    const id = request.headers.get('mcp-session-id')
    if (id === null) return this.#begin(request, caller, body)
    const session = this.#sessions.get(id)
    // By this a client knows that it has to greet again.
    if (session?.who !== caller.who) throw new LumosError('MCP_SESSION_UNKNOWN')
    if (session.rights !== rightsOf(caller)) {
      await this.#end(id)
      throw new LumosError('MCP_SESSION_UNKNOWN')
    }
    const behind = request.headers.get('last-event-id')
    if (request.method === 'GET' && behind !== null && !session.store.has(behind)) {
      const reason = 'what came after that event is not kept any more'
      throw invalidRequest(reason)
    }
    session.usedAt = this.#parts.clock.monotonic()
    return session.transport.handleRequest(request, options)
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#sessions.keys(), (id) => this.#end(id)))
  }

  async #begin(request: Request, caller: Caller, body: unknown): Promise<Response> {
    const sdk = await import('@modelcontextprotocol/server')
    if (!sdk.isInitializeRequest(body)) {
      const reason = 'a client greets first: it sends initialize'
      throw invalidRequest(reason)
    }
    const room = this.#makeRoom(caller)
    const beginning = { ...caller }
    this.#beginning.add(beginning)
    try {
      await room
      return await this.#open(request, beginning, body)
    } finally {
      this.#beginning.delete(beginning)
    }
  }

  /** @param caller one of those that are beginning */
  async #open(request: Request, caller: Caller, body: unknown): Promise<Response> {
    const { clock, createServer } = this.#parts
    const { WebStandardStreamableHTTPServerTransport: Transport } =
      await import('@modelcontextprotocol/server')
    const store = createReplayStore()
    let session: Session | undefined
    const server = await createServer(caller, (change) => {
      if (session === undefined) return
      session.busy += change
      session.usedAt = clock.monotonic()
    })
    const transport = new Transport({
      sessionIdGenerator: () => randomUUID(),
      eventStore: store,
      retryInterval: RETRY_MS,
      keepAliveMs: LIMITS.gatewayHeartbeat.value,
      onsessioninitialized: (id) => {
        const { who } = caller
        const rights = rightsOf(caller)
        const usedAt = clock.monotonic()
        session = { who, rights, transport, server, store, busy: 0, usedAt }
        this.#sessions.set(id, session)
        this.#beginning.delete(caller)
      },
      onsessionclosed: (id) => this.#end(id)
    })
    await server.connect(transport)
    const response = await transport.handleRequest(request, { parsedBody: body })
    // Whatever it was, it began no session.
    if (transport.sessionId === undefined) await server.close()
    return response
  }

  /** A session that was quiet for long gives way: one of the caller's own, or of whoever has the most. */
  async #makeRoom({ who }: Caller): Promise<void> {
    const byCaller = Map.groupBy(this.#sessions, ([, session]) => session.who)
    const own = byCaller.get(who) ?? []
    const ownBeginning = [...this.#beginning].filter((one) => one.who === who).length
    if (own.length + ownBeginning >= LIMITS.mcpCallerSessions.value) return this.#endQuietest(own)
    if (this.#sessions.size + this.#beginning.size < LIMITS.mcpSessions.value) return
    const [most = []] = [...byCaller.values()].toSorted((a, b) => b.length - a.length)
    await this.#endQuietest(most)
  }

  async #endQuietest(sessions: readonly (readonly [string, Session])[]): Promise<void> {
    const [quietest] = sessions
      .filter(([, { busy }]) => busy === 0)
      .toSorted(([, a], [, b]) => a.usedAt - b.usedAt)
    if (quietest === undefined) {
      throw new LumosError('OVERLOADED', { details: { retryAfterMs: RETRY_MS } })
    }
    await this.#end(quietest[0])
  }

  async #end(id: string): Promise<void> {
    const session = this.#sessions.get(id)
    this.#sessions.delete(id)
    await session?.server.close()
  }
}

function rightsOf({ owner, scopes }: Caller): string {
  return [owner, ...scopes.toSorted()].join(' ')
}
