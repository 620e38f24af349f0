/** Sessions over a simulated network: calls take time and may be lost, links break, hosts fall silent. */
import { EventEmitter } from 'node:events'
import { LumosError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { Random } from '../../../core/random.ts'
import type {
  CallContext,
  CallOptions,
  RequestHandler,
  Session,
  SessionEvents,
  Sessions
} from '../../../protocols/session/session.ts'
import type { Host, Network } from './network.ts'

/** TCP one, multistream and Noise two and a half, yamux and HELLO one and a half (faults-and-libp2p.md, 1.C). */
const HANDSHAKE_ROUND_TRIPS = 5
/** At each end (limits.md, `parallelDials`). */
const HANDSHAKE_CPU_MS = 10
/** The header of a call: method, number, deadline. */
const CALL_BYTES = 48

export interface SessionsInit {
  readonly name: string
  readonly fields: () => JsonObject
}

export interface SessionsComponents {
  readonly network: Network
  readonly random: Random
  /** All sessions by peer, so that one end finds the other. */
  readonly registry: Map<string, SimulatedSessions>
}

/** By agreement, because the peer stops, or because it or the way to it was lost. */
type Ending = 'SESSION_CLOSED' | 'SHUTTING_DOWN' | 'STREAM_TRUNCATED' | 'STREAM_IDLE'

interface End {
  readonly session: Session
  /** Rejects what is under way. */
  readonly broken: AbortController
}

export class SimulatedSessions implements Sessions {
  readonly host: Host
  readonly events = new EventEmitter<SessionEvents>()
  readonly #parts: SessionsComponents
  readonly #init: SessionsInit
  readonly #handlers = new Map<string, RequestHandler>()
  readonly #ends = new Map<string, End>()
  #all: readonly Session[] | undefined
  /** Inbound handshakes under way. */
  #pending = 0
  #isOver = false

  constructor(parts: SessionsComponents, host: Host, init: SessionsInit) {
    this.#parts = parts
    this.host = host
    this.#init = init
    parts.registry.set(host.peer, this)
  }

  readonly methods = {
    request: (method: string, handler: RequestHandler) => void this.#handlers.set(method, handler),
    stream: () => undefined
  }

  async start() {}

  /** Says to all that this node stops. */
  async stop() {
    for (const { peer } of this.all()) this.#part(peer, 'SHUTTING_DOWN')
    this.#end()
  }

  /** The process ends as with kill -9: the kernel closes its sockets. */
  crash(): void {
    for (const { peer } of this.all()) this.#part(peer, 'STREAM_TRUNCATED')
    this.#end()
  }

  #end(): void {
    this.#isOver = true
    this.host.alive = false
  }

  /** Both processes still run: a host may have another one meanwhile. */
  #canReach(to: SimulatedSessions): boolean {
    return !this.#isOver && !to.#isOver && this.#parts.network.canReach(this.host, to.host)
  }

  get(peer: string): Session | undefined {
    return this.#ends.get(peer)?.session
  }

  all(): readonly Session[] {
    return (this.#all ??= Array.from(this.#ends.values(), ({ session }) => session))
  }

  async connect(
    peer: string,
    { signal }: { readonly signal?: AbortSignal } = {}
  ): Promise<Session> {
    const other = this.#parts.registry.get(peer)
    if (other !== undefined) await this.reach(other, signal)
    const session = this.get(peer)
    if (session === undefined) throw unreachable(peer)
    return session
  }

  async disconnect(peer: string) {
    this.#part(peer, 'SESSION_CLOSED')
  }

  /** Dials; there is a session when it resolves. @throws PEER_UNREACHABLE */
  async reach(to: SimulatedSessions, signal?: AbortSignal): Promise<void> {
    if (this.get(to.host.peer) !== undefined) return
    const { network } = this.#parts
    const rttMs = network.rttMs(this.host, to.host)
    const isCut = this.host.side !== to.host.side
    const isSilent = isCut && network.conditions.cut === 'silent'
    await network.time.sleep(isSilent ? LIMITS.connectDeadline.value : rttMs, signal)
    if (isCut || isAborted(signal) || !to.#hasRoom()) throw unreachable(to.host.peer)
    to.#pending += 1
    const now = network.time.monotonic()
    const working = [this, to].map(({ host }) => host.processors.take(now, HANDSHAKE_CPU_MS))
    const tookMs = (HANDSHAKE_ROUND_TRIPS - 1) * rttMs + Math.max(...working)
    const inTime = Math.min(tookMs, LIMITS.upgradeDeadline.value)
    await network.time.sleep(inTime, signal)
    to.#pending -= 1
    const isLate = tookMs > inTime || isAborted(signal)
    if (isLate || !this.#canReach(to)) throw unreachable(to.host.peer)
    if (this.get(to.host.peer) !== undefined) return
    network.note(this.host, to.host, 1)
    this.#open(to)
    to.#open(this)
  }

  /** The peer is not heard any more: the session ends here when that has lasted too long. */
  starve(peer: string): void {
    const { network, random } = this.#parts
    const end = this.#ends.get(peer)
    const { heartbeatDead, heartbeatInterval } = LIMITS
    const inMs = heartbeatDead.value - random.next() * heartbeatInterval.value
    network.time.after(inMs, () => {
      const other = network.host(peer)
      const isBack = other !== undefined && network.canReach(this.host, other)
      if (!isBack && this.#ends.get(peer) === end) this.lose(peer, 'STREAM_IDLE')
    })
  }

  /** Ends the session here alone. */
  lose(peer: string, why: Ending): void {
    this.#close(peer, why)
  }

  #hasRoom(): boolean {
    const { connections, pendingConnections } = LIMITS
    return (
      this.host.alive &&
      !this.#isOver &&
      this.#pending < pendingConnections.value &&
      this.#ends.size + this.#pending < connections.value
    )
  }

  #open(to: SimulatedSessions): void {
    // Word of the end of the one before is still on its way.
    this.#close(to.host.peer, 'SESSION_CLOSED')
    const broken = new AbortController()
    const session: Session = {
      peer: to.host.peer,
      hello: to.#hello(),
      openedAt: this.#parts.network.time.now(),
      path: 'direct',
      roundTripMs: this.#parts.network.rttMs(this.host, to.host),
      watchSilence: () => () => undefined,
      request: (method, body, options) => this.#call({ to, broken }, { method, body }, options),
      stream: () => {
        throw new TypeError('what is simulated uses no streams')
      }
    }
    this.#ends.set(to.host.peer, { session, broken })
    this.#all = undefined
    this.events.emit('opened', session)
  }

  /** Ends the session at both ends, there as soon as word of it arrives. */
  #part(peer: string, code: Ending): void {
    const { network, registry } = this.#parts
    const other = registry.get(peer)
    const end = other === undefined ? undefined : other.#ends.get(this.host.peer)
    if (other !== undefined && network.canReach(this.host, other.host)) {
      network.time.after(network.wayMs(this.host, other.host), () => {
        // It may have been opened anew by then.
        if (other.#ends.get(this.host.peer) === end) other.#close(this.host.peer, code)
      })
    }
    this.#close(peer, 'SESSION_CLOSED')
  }

  #close(peer: string, code: Ending): void {
    const end = this.#ends.get(peer)
    if (end === undefined) return
    this.#ends.delete(peer)
    this.#all = undefined
    const reason = new LumosError(code, { details: { peer } })
    end.broken.abort(reason)
    this.events.emit('closed', end.session, reason)
  }

  async #call(
    { to, broken }: { readonly to: SimulatedSessions; readonly broken: AbortController },
    { method, body }: { readonly method: string; readonly body: Uint8Array },
    { signal, timeoutMs = LIMITS.callTimeout.value }: CallOptions = {}
  ): Promise<Uint8Array> {
    const { time } = this.#parts.network
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    const onAbort = (): void => reject(asError(signal?.reason))
    const onBroken = (): void => reject(asError(broken.signal.reason))
    const disarm = time.after(timeoutMs, () => reject(new LumosError('TIMED_OUT')))
    signal?.addEventListener('abort', onAbort)
    broken.signal.addEventListener('abort', onBroken)
    if (signal?.aborted === true) onAbort()
    else if (broken.signal.aborted) onBroken()
    else this.#send(to, body, () => void to.#answer(this, { method, body }).then(resolve, reject))
    return promise.finally(() => {
      disarm()
      signal?.removeEventListener('abort', onAbort)
      broken.signal.removeEventListener('abort', onBroken)
    })
  }

  #send(to: SimulatedSessions, body: Uint8Array, arrived: () => void): void {
    const { network } = this.#parts
    const bytes = body.length + CALL_BYTES
    if (!network.carry(this.host, to.host, bytes)) return
    network.time.after(network.wayMs(this.host, to.host, bytes), () => {
      if (this.#canReach(to)) arrived()
    })
  }

  /** What the caller gets, on its way there; never settles when that way is cut. */
  async #answer(
    caller: SimulatedSessions,
    { method, body }: { readonly method: string; readonly body: Uint8Array }
  ): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    try {
      const handler = this.#handlers.get(method)
      if (handler === undefined) throw new LumosError('UNKNOWN_METHOD', { details: { method } })
      const answer = await handler(body, contextOf(caller.host.peer))
      this.#send(caller, answer, () => resolve(answer))
    } catch (error) {
      this.#send(caller, NOTHING, () => reject(asError(error)))
    }
    return promise
  }

  #hello(): Session['hello'] {
    const { name, fields } = this.#init
    const clock = this.#parts.network.time.now()
    const about = { protocol: '1.0', swarm: 'simulated', version: '0.0.0', instance: 'simulated' }
    return { ...about, name, clock, fields: fields() }
  }
}

const NOTHING = new Uint8Array()
const NEVER = new AbortController().signal

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

function contextOf(peer: string): CallContext {
  return { peer, headers: {}, signal: NEVER, remainingMs: () => Infinity }
}

function unreachable(peer: string): LumosError {
  return new LumosError('PEER_UNREACHABLE', { details: { peer } })
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new LumosError('SESSION_CLOSED')
}
