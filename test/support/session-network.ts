/** Sessions between nodes in memory: enough of the interface for discovery, moved by a manual clock. */
import { EventEmitter } from 'node:events'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type {
  CallContext,
  Hello,
  RequestHandler,
  Session,
  SessionEvents,
  Sessions
} from '../../protocols/session/session.ts'

export interface FakeNodeInit {
  readonly name?: string
  readonly fields?: () => JsonObject
}

export type CloseCode = 'SESSION_CLOSED' | 'SHUTTING_DOWN' | 'STREAM_TRUNCATED'

export class SessionNetwork {
  /** Calls by method, and dials as `connect`, so far. */
  readonly calls = new Map<string, number>()
  readonly clock: Clock
  /** One way. */
  readonly latencyMs: number
  readonly #nodes = new Map<string, FakeSessions>()

  constructor(clock: Clock, latencyMs = 0) {
    this.clock = clock
    this.latencyMs = latencyMs
  }

  add(peer: string, init: FakeNodeInit = {}): FakeSessions {
    const added = new FakeSessions(this, peer, init)
    this.#nodes.set(peer, added)
    return added
  }

  node(peer: string): FakeSessions {
    const found = this.#nodes.get(peer)
    if (found === undefined) throw unreachable(peer)
    return found
  }

  /** Opens a session between two nodes. */
  link(a: string, b: string): void {
    if (this.node(a).get(b) !== undefined) return
    this.node(a).open(this.node(b))
    this.node(b).open(this.node(a))
  }

  /** Ends the session of two nodes by agreement, as a broken link would, or as a clean stop of `a`. */
  unlink(a: string, b: string, code: CloseCode = 'SESSION_CLOSED'): void {
    this.node(a).close(b, code === 'SHUTTING_DOWN' ? 'SESSION_CLOSED' : code)
    this.node(b).close(a, code)
  }

  /** The node vanishes without a word. */
  kill(peer: string): void {
    const dead = this.node(peer)
    dead.reachable = false
    for (const other of dead.all()) this.unlink(peer, other.peer, 'STREAM_TRUNCATED')
  }

  count(what: string): void {
    this.calls.set(what, (this.calls.get(what) ?? 0) + 1)
  }
}

export class FakeSessions implements Sessions {
  readonly peer: string
  readonly events = new EventEmitter<SessionEvents>()
  readonly handlers = new Map<string, RequestHandler>()
  /** Whether this node may be dialled. */
  reachable = true
  readonly #network: SessionNetwork
  readonly #init: FakeNodeInit
  readonly #sessions = new Map<string, Session>()

  constructor(network: SessionNetwork, peer: string, init: FakeNodeInit) {
    this.peer = peer
    this.#network = network
    this.#init = init
  }

  readonly methods = {
    request: (method: string, handler: RequestHandler) => void this.handlers.set(method, handler),
    stream: () => undefined
  }

  async start() {}

  async stop() {
    for (const { peer } of this.all()) this.#network.unlink(this.peer, peer, 'SHUTTING_DOWN')
  }

  get(peer: string): Session | undefined {
    return this.#sessions.get(peer)
  }

  all(): readonly Session[] {
    return [...this.#sessions.values()]
  }

  async connect(peer: string): Promise<Session> {
    this.#network.count('connect')
    if (!this.#network.node(peer).reachable) throw unreachable(peer)
    this.#network.link(this.peer, peer)
    const session = this.get(peer)
    if (session === undefined) throw unreachable(peer)
    return session
  }

  async disconnect(peer: string) {
    this.#network.unlink(this.peer, peer)
  }

  open(to: FakeSessions): void {
    const session: Session = {
      peer: to.peer,
      hello: to.#hello(),
      openedAt: this.#network.clock.now(),
      path: 'direct',
      roundTripMs: 1,
      watchSilence: () => () => undefined,
      request: async (method, body) => this.#call(to, method, body),
      stream: () => {
        throw new TypeError('discovery uses no streams')
      }
    }
    this.#sessions.set(to.peer, session)
    this.events.emit('opened', session)
  }

  close(peer: string, code: CloseCode): void {
    const session = this.#sessions.get(peer)
    if (session === undefined) return
    this.#sessions.delete(peer)
    this.events.emit('closed', session, new LumosError(code, { details: { peer } }))
  }

  async #call(to: FakeSessions, method: string, body: Uint8Array): Promise<Uint8Array> {
    const { clock, latencyMs } = this.#network
    this.#network.count(method)
    if (latencyMs > 0) await clock.sleep(latencyMs)
    this.#checkOpen(to.peer)
    const handler = to.handlers.get(method)
    if (handler === undefined) throw new LumosError('UNKNOWN_METHOD', { details: { method } })
    const answer = await handler(body, contextOf(this.peer))
    if (latencyMs > 0) await clock.sleep(latencyMs)
    this.#checkOpen(to.peer)
    return answer
  }

  #checkOpen(peer: string): void {
    if (this.#sessions.has(peer)) return
    throw new LumosError('SESSION_CLOSED', { details: { peer } })
  }

  #hello(): Hello {
    const { name = this.peer, fields } = this.#init
    return {
      protocol: '1.0',
      swarm: 'test',
      name,
      version: '0.0.0',
      instance: 'test',
      clock: this.#network.clock.now(),
      fields: fields?.() ?? {}
    }
  }
}

function contextOf(peer: string): CallContext {
  return { peer, headers: {}, signal: new AbortController().signal, remainingMs: () => Infinity }
}

function unreachable(peer: string): LumosError {
  return new LumosError('PEER_UNREACHABLE', { details: { peer } })
}
