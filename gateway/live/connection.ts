/** One WebSocket of `/v1/live`: greets, answers calls side by side, and ends with whoever is behind it. */
import type { WebSocket } from 'ws'
import { LIVE_CLOSE, LIVE_VERSION } from '../../client/live-api.ts'
import type { LiveCall } from '../../client/live-api.ts'
import type { Clock } from '../../core/clock.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { abortable } from '../control/abortable.ts'
import { asFailure } from '../control/failure.ts'
import type { Caller, Callers } from '../http/callers.ts'
import type { LiveMethod, PlacedEvent } from './live-calls.ts'
import { clientMessage } from './messages.ts'
import { createOutlet } from './outlet.ts'
import type { Outlet } from './outlet.ts'

export interface ConnectionComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly callers: Pick<Callers, 'answering' | 'permit'>
  readonly calls: ReadonlyMap<string, LiveMethod>
  /** Name of this node. */
  readonly node: () => string
}

export interface ConnectionInit {
  readonly socket: WebSocket
  /** Aborts when the node stops. */
  readonly signal: AbortSignal
  /** Who is behind it, as of now; `token` is what the greeting showed. @throws API_TOKEN_REFUSED */
  readonly identify: (token: string | undefined) => Promise<Caller>
}

/** Serves the socket until it closes. */
export function serveLive(components: ConnectionComponents, init: ConnectionInit): void {
  new Connection(components, init).serve()
}

class Connection {
  readonly #parts: ConnectionComponents
  readonly #init: ConnectionInit
  readonly #outlet: Outlet
  /** Ends all calls. */
  readonly #closed = new AbortController()
  readonly #calls = new Map<string, AbortController>()
  #token: string | undefined
  /** Once it has greeted. */
  #greeted: Promise<void> | undefined
  /** Heartbeats since something was heard. */
  #silent = 0
  #cancelTimer: () => void

  constructor(parts: ConnectionComponents, init: ConnectionInit) {
    this.#parts = parts
    this.#init = init
    this.#outlet = createOutlet(init.socket, parts.clock)
    this.#cancelTimer = parts.clock.after(LIMITS.liveHello.value, () =>
      this.#close('silent', 'no hello')
    )
  }

  serve(): void {
    const { socket, signal } = this.#init
    const stop = (): void => this.#close('goingAway', 'SHUTTING_DOWN')
    signal.addEventListener('abort', stop, { once: true })
    socket.on('message', (data, isBinary) => {
      this.#silent = 0
      // Until the other end has closed in turn, it may say what it likes.
      if (this.#closed.signal.aborted) return
      if (isBinary) this.#close('malformed', 'messages are text')
      // The server asks for whole buffers.
      else if (Buffer.isBuffer(data)) this.#take(data.toString())
    })
    socket.on('pong', () => {
      this.#silent = 0
    })
    // It closes behind it, with the code that says why.
    socket.on('error', () => {})
    socket.on('close', () => {
      signal.removeEventListener('abort', stop)
      this.#cancelTimer()
      this.#closed.abort()
    })
    if (signal.aborted) stop()
  }

  #take(text: string): void {
    let message: ReturnType<typeof clientMessage>
    try {
      message = clientMessage(text)
    } catch (error) {
      return this.#close('malformed', toLumosError(error).message)
    }
    if ('hello' in message) return this.#greet(message.hello)
    if (this.#greeted === undefined) return this.#close('malformed', 'the first message is a hello')
    if ('alive' in message) return
    if ('stop' in message) return this.#calls.get(message.id)?.abort()
    if (this.#calls.has(message.id)) return this.#close('malformed', 'that id is in use')
    if (this.#calls.size >= LIMITS.liveCalls.value) return this.#refuse(message)
    void this.#serve(message)
  }

  /** Who asks on without reading the answers would have any number of refusals held. */
  #refuse({ id }: LiveCall): void {
    const error = new LumosError('OVERLOADED', { details: { retryAfterMs: 1000 } })
    if (this.#outlet.waiting > LIMITS.liveCalls.value) return this.#close('later', error.code)
    void this.#outlet.send({ id, error: error.toWire() })
  }

  #greet({ v, token }: { readonly v: number; readonly token?: string }): void {
    if (this.#greeted !== undefined) return this.#close('malformed', 'a second hello')
    if (v !== LIVE_VERSION) return this.#close('malformed', `this node speaks ${LIVE_VERSION}`)
    this.#token = token
    this.#greeted = this.#welcome()
  }

  async #welcome(): Promise<void> {
    try {
      await this.#init.identify(this.#token)
    } catch (error) {
      const { code, retry } = toLumosError(error)
      return this.#close(retry ? 'later' : 'refused', code)
    }
    if (this.#closed.signal.aborted) return
    this.#cancelTimer()
    this.#beat()
    await this.#outlet.send({
      hello: {
        v: LIVE_VERSION,
        node: this.#parts.node(),
        heartbeatMs: LIMITS.gatewayHeartbeat.value,
        calls: LIMITS.liveCalls.value,
        messageBytes: LIMITS.liveMessageBytes.value
      }
    })
  }

  /** Whoever is not let in any more is told so, and loses the connection. @throws what a later try can get over */
  async #identifyAgain(): Promise<Caller | undefined> {
    try {
      return await this.#init.identify(this.#token)
    } catch (error) {
      const failure = toLumosError(error)
      // Too many failures are told to nobody whose credential is in force: see callers.ts.
      if (failure.retry && failure.code !== 'AUTH_RATE_LIMITED') throw failure
      this.#close('refused', failure.code)
      return undefined
    }
  }

  /** Asks whether the other end is there, and says that this one is. */
  #beat(): void {
    const { clock } = this.#parts
    this.#cancelTimer = clock.after(LIMITS.gatewayHeartbeat.value, () => {
      this.#silent += 1
      // Half open: not even the answers of its WebSocket came.
      if (this.#silent > MOST_SILENT) return this.#init.socket.terminate()
      this.#init.socket.ping()
      if (!this.#outlet.wasUsed()) void this.#outlet.send({ alive: true })
      this.#beat()
      // Whose keys cannot be had just now is asked again with the next one.
      this.#identifyAgain().catch(() => undefined)
    })
  }

  async #serve(call: LiveCall): Promise<void> {
    const { id } = call
    const left = new AbortController()
    this.#calls.set(id, left)
    let answered: (() => void) | undefined
    const signal = AbortSignal.any([left.signal, this.#closed.signal])
    try {
      await this.#greeted
      const caller = await this.#identifyAgain()
      if (caller === undefined) return
      answered = this.#parts.callers.answering(caller)
      await this.#answer(call, { caller, signal })
    } catch (error) {
      const failure = asFailure(error, 0)
      if (failure.code === 'INTERNAL') this.#parts.logger.error('a call failed', { error })
      const last = left.signal.aborted ? { end: true } : { error: failure.toWire() }
      await this.#outlet.send({ id, ...last })
    } finally {
      this.#calls.delete(id)
      answered?.()
    }
  }

  async #answer(
    { id, call, params = {}, after }: LiveCall,
    { caller, signal }: { readonly caller: Caller; readonly signal: AbortSignal }
  ): Promise<void> {
    const method = this.#parts.calls.get(call)
    if (method === undefined) {
      throw new LumosError('UNKNOWN_METHOD', { details: { method: call.slice(0, 64) } })
    }
    for (const [operation, what] of method.needs(params)) {
      this.#parts.callers.permit(caller, operation, what)
    }
    const options = { caller, signal, after }
    if (method.kind === 'document') {
      const result = await abortable(method.answer(params, options), signal)
      await this.#outlet.send({ id, result })
    } else if (await this.#tell(id, method.answer(params, options), signal)) {
      await this.#outlet.send({ id, end: true })
    }
  }

  /** No faster than the client reads. False when it is gone. */
  async #tell(
    id: string,
    events: AsyncIterable<PlacedEvent>,
    signal: AbortSignal
  ): Promise<boolean> {
    const iterator = events[Symbol.asyncIterator]()
    try {
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- one event after the other
        const { done, value } = await abortable(iterator.next(), signal)
        if (done === true) return true
        // oxlint-disable-next-line no-await-in-loop -- as above
        if (!(await this.#outlet.send({ id, ...value }))) return false
      }
    } finally {
      // Not awaited: a generator that ignores the signal would hold the answer back.
      Promise.resolve(iterator.return?.()).catch(() => undefined)
    }
  }

  #close(why: keyof typeof LIVE_CLOSE, reason: string): void {
    const { socket } = this.#init
    if (this.#closed.signal.aborted) return
    this.#closed.abort()
    // A reason has at most 123 bytes.
    socket.close(LIVE_CLOSE[why], reason.slice(0, 100))
    // Whoever does not close in turn is cut.
    this.#cancelTimer()
    this.#cancelTimer = this.#parts.clock.after(LIMITS.gatewayDrain.value, () => socket.terminate())
  }
}

/** Two answers to pings may be late; the third one will not come. */
const MOST_SILENT = 2
