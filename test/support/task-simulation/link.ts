/** The link of the task simulation: sessions that delay, lose, repeat, cut and leave without an answer. */
import { EventEmitter } from 'node:events'
import { fromWireError, LumosError, toLumosError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { Random } from '../../../core/random.ts'
import { A2A_METHODS } from '../../../protocols/a2a/constants.ts'
import type {
  CallContext,
  CallOptions,
  MethodTable,
  RequestHandler,
  Session,
  SessionEvents,
  StreamHandler
} from '../../../protocols/session/session.ts'
import type { RouteSessions } from '../../../routing/workers.ts'
import type { ManualClock } from '../manual-clock.ts'
import type { Life } from './machine.ts'
import type { Trace } from './trace.ts'

/** How likely each fault is, where it can happen. */
export interface LinkFaults {
  /** A message ends the session and is lost; as likely for requests as for answers. */
  readonly cut: number
  /** The session ends, and the request arrives seconds later all the same. */
  readonly late: number
  /** The request arrives once more, seconds later. */
  readonly twice: number
  /** The request arrives, and no answer to it does. */
  readonly hang: number
  /** The longest way of a message, milliseconds: calls overtake each other. */
  readonly maxDelayMs: number
}

export const CALM_LINK: LinkFaults = { cut: 0, late: 0, twice: 0, hang: 0, maxDelayMs: 5 }

/** How long a message can be under way that nobody waits for any more. */
export const STRAY_MS = 5000

/** The first worker, which most worlds have alone. */
export const WORKER = 'worker'

/** What a worker answers to. */
export class Methods implements MethodTable {
  readonly requests = new Map<string, RequestHandler>()
  readonly streams = new Map<string, StreamHandler>()

  request(method: string, handler: RequestHandler): void {
    this.requests.set(method, handler)
  }

  stream(method: string, handler: StreamHandler): void {
    this.streams.set(method, handler)
  }
}

interface Listener {
  readonly life: Life
  readonly methods: Methods
}

interface Call {
  readonly caller: string
  readonly worker: string
  readonly method: string
  readonly body: Uint8Array
  readonly options: CallOptions
}

export interface LinkComponents {
  readonly time: ManualClock
  readonly random: Random
  readonly trace: Trace
}

export class Link {
  faults: LinkFaults = CALM_LINK
  readonly #parts: LinkComponents
  readonly #callers = new Set<CallerSessions>()
  /** Worker and id of tasks that it was told to cancel. */
  readonly #cancelled = new Set<string>()
  /** Worker and id of tasks that it was asked for. */
  readonly #ordered = new Set<string>()
  readonly #listeners = new Map<string, Listener>()

  constructor(parts: LinkComponents) {
    this.#parts = parts
  }

  isThere(worker: string): boolean {
    return this.#listeners.has(worker)
  }

  /** Whether an order ever left for the worker: nothing else can arrive there a second time. */
  wasOrdered(worker: string, id: string): boolean {
    return this.#ordered.has(`${worker} ${id}`)
  }

  /** The worker is there, until its process ends. */
  listen(worker: string, life: Life, methods: Methods): void {
    if (!life.alive) return
    const listener = { life, methods }
    this.#listeners.set(worker, listener)
    life.onEnd(() => {
      if (this.#listeners.get(worker) === listener) this.#listeners.delete(worker)
      for (const sessions of this.#callers) sessions.lose(worker)
    })
    for (const sessions of this.#callers) sessions.comeBack(worker)
  }

  /** The sessions of a caller's process. */
  sessionsOf(caller: string, life: Life): RouteSessions {
    const sessions = new CallerSessions(this, { caller, life })
    this.#callers.add(sessions)
    life.onEnd(() => {
      this.#callers.delete(sessions)
      sessions.loseAll()
    })
    return sessions
  }

  /** Resolves when a message has arrived at the other end, which is before or after others. */
  async travel(): Promise<void> {
    await this.#parts.time.sleep(this.#parts.random.next() * this.faults.maxDelayMs)
  }

  happens(fault: Exclude<keyof LinkFaults, 'maxDelayMs'>): boolean {
    const likely = this.faults[fault] > 0 && this.#parts.random.next() < this.faults[fault]
    if (likely) this.#parts.trace(() => `link: ${fault}`)
    return likely
  }

  after(ms: number): Promise<boolean> {
    return this.#parts.time.sleep(ms)
  }

  /** A request arrives that nobody waits for. */
  stray(call: Call): void {
    const ms = this.#parts.random.next() * STRAY_MS
    this.#parts.time.after(ms, () => {
      // A worker reads what came first first: an order does not come behind its own cancel.
      if (this.#isCancelled(call)) return
      const nobody = new AbortController()
      this.#parts.trace(() => `link: a stray ${call.method} of ${call.caller} arrives`)
      void this.answers(call, nobody.signal)
        .next()
        .catch(() => {})
        .then(() => nobody.abort(new LumosError('SESSION_CLOSED')))
    })
  }

  #isCancelled({ worker, method, body }: Call): boolean {
    return (
      method === A2A_METHODS.sendStreamingMessage &&
      idsIn(body).some((id) => this.#cancelled.has(`${worker} ${id}`))
    )
  }

  /** What the worker answers; errors as they look after the wire. */
  async *answers(call: Call, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { caller, worker, method, body, options } = call
    const listener = this.#listeners.get(worker)
    if (listener === undefined) throw new LumosError('SESSION_CLOSED')
    this.#parts.trace(() => `${caller} asks ${worker} for ${method}`)
    if (method === A2A_METHODS.sendStreamingMessage) {
      for (const id of idsIn(body)) this.#ordered.add(`${worker} ${id}`)
    }
    if (method === A2A_METHODS.cancelTask) this.#cancelled.add(`${worker} ${idsIn(body)[0]}`)
    const context: CallContext = {
      peer: caller,
      headers: options.headers ?? {},
      signal,
      remainingMs: () => options.timeoutMs ?? LIMITS.callTimeout.value
    }
    const { requests, streams } = listener.methods
    try {
      const request = requests.get(method)
      if (request !== undefined) yield await request(body, context)
      const stream = streams.get(method)
      if (stream !== undefined) yield* stream(body, context)
    } catch (error) {
      throw fromWireError(toLumosError(error).toWire())
    }
  }
}

/** Ids of tasks, wherever they stand in a request. */
function idsIn(body: Uint8Array): string[] {
  return (
    Buffer.from(body)
      .toString()
      .match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? []
  )
}

/** How long a node takes to find a worker that is back. */
const REDIAL_MS = 300

class CallerSessions implements RouteSessions {
  readonly events = new EventEmitter<SessionEvents>()
  readonly #link: Link
  readonly #init: { readonly caller: string; readonly life: Life }
  /** By worker. */
  readonly #sessions = new Map<string, SimulatedSession>()

  constructor(link: Link, init: { readonly caller: string; readonly life: Life }) {
    this.#link = link
    this.#init = init
    // One listener a waiting task.
    this.events.setMaxListeners(0)
  }

  get(peer: string): Session | undefined {
    const session = this.#sessions.get(peer)
    return session?.isOpen === true ? session : undefined
  }

  async connect(peer: string): Promise<Session> {
    await this.#link.travel()
    const known = this.get(peer)
    if (known !== undefined) return known
    if (!this.#link.isThere(peer) || !this.#init.life.alive) {
      throw new LumosError('PEER_UNREACHABLE', { details: { peer } })
    }
    const session = new SimulatedSession(this.#link, this.#init.caller, peer)
    this.#sessions.set(peer, session)
    this.events.emit('opened', session)
    return session
  }

  comeBack(worker: string): void {
    this.#init.life.clock.after(REDIAL_MS, () => void this.connect(worker).catch(() => {}))
  }

  lose(worker: string): void {
    this.#sessions.get(worker)?.close()
  }

  loseAll(): void {
    for (const session of this.#sessions.values()) session.close()
  }
}

class SimulatedSession implements Session {
  readonly peer: string
  readonly hello
  readonly openedAt = 0
  readonly path = 'direct'
  readonly roundTripMs = 1
  readonly #link: Link
  readonly #caller: string
  readonly #closed = new AbortController()

  constructor(link: Link, caller: string, worker: string) {
    this.#link = link
    this.#caller = caller
    this.peer = worker
    this.hello = {
      protocol: '1.0',
      swarm: 'simulated',
      name: worker,
      version: '0',
      instance: '0',
      clock: 0,
      fields: {}
    }
  }

  get isOpen(): boolean {
    return !this.#closed.signal.aborted
  }

  close(): void {
    this.#closed.abort(new LumosError('SESSION_CLOSED'))
  }

  /** Machines of this simulation die, or hang in one call; none stands still. */
  watchSilence(): () => void {
    return () => undefined
  }

  async request(method: string, body: Uint8Array, options: CallOptions = {}): Promise<Uint8Array> {
    for await (const answer of this.stream(method, body, options)) return answer
    throw new LumosError('STREAM_TRUNCATED')
  }

  async *stream(
    method: string,
    body: Uint8Array,
    options: CallOptions = {}
  ): AsyncIterableIterator<Uint8Array> {
    const { signal: asked, timeoutMs = LIMITS.callTimeout.value } = options
    const leaving = new AbortController()
    const call = { caller: this.#caller, worker: this.peer, method, body, options }
    const signals = [this.#closed.signal, leaving.signal, ...(asked ? [asked] : [])]
    const either = AbortSignal.any(signals)
    const answers = this.#link.answers(call, either)
    try {
      either.throwIfAborted()
      await unlessAborted(this.#send(call, timeoutMs), either)
      for (;;) {
        const { done, value } = await unlessAborted(answers.next(), either)
        if (done === true) return
        await unlessAborted(this.#arrive(), either)
        yield value
      }
    } finally {
      leaving.abort(new LumosError('CANCELLED'))
      void answers.return(undefined).catch(() => {})
    }
  }

  /** The way of the request. */
  async #send(call: Call, timeoutMs: number): Promise<void> {
    const link = this.#link
    await link.travel()
    if (link.happens('late')) {
      link.stray(call)
      this.close()
    }
    if (link.happens('cut')) this.close()
    if (link.happens('twice')) link.stray(call)
    if (!link.happens('hang')) return
    link.stray(call)
    const patienceMs = Math.min(timeoutMs, LIMITS.heartbeatDead.value)
    await link.after(patienceMs)
    // Nothing at all comes through any more, or only this call has taken too long.
    if (patienceMs < timeoutMs) this.close()
    throw new LumosError('TIMED_OUT', { details: { timeoutMs } })
  }

  async #arrive(): Promise<void> {
    await this.#link.travel()
    if (this.#link.happens('cut')) this.close()
  }
}

/** `promise`, unless `signal` aborts first or while it is awaited. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => {})
  const aborted = Promise.withResolvers<never>()
  function onAbort(): void {
    aborted.reject(signal.reason)
  }
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort)
  try {
    const value = await Promise.race([promise, aborted.promise])
    signal.throwIfAborted()
    return value
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
