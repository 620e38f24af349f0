/** The calls that this side makes in a session. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Budget } from './assembler.ts'
import { violation } from './codec.ts'
import type { CreditFrame, DataFrame, PlainFrame } from './codec.ts'
import { FLAG, FRAME, FRAME_COST, MAX_CALL_ID, MAX_METHOD_BYTES, NO_TIMEOUT } from './constants.ts'
import { ReceiveCredit } from './credit.ts'
import type { Deadlines } from './deadlines.ts'
import type { Outbox } from './outbox.ts'
import { ResponseReader, SingleResponse } from './responses.ts'
import type { Responses } from './responses.ts'
import { Lane } from './scheduler.ts'
import { decodeWireError, encodeHeaders } from './schema.ts'
import type { SessionMeter } from './session-meter.ts'
import type { CallOptions } from './session.ts'

export interface CallerComponents {
  readonly clock: Clock
  readonly outbox: Outbox
  readonly deadlines: Deadlines
  /** For incomplete and unread responses. */
  readonly budget: Budget
  readonly peer: PeerIdText
  /** Called when the last call has ended. */
  readonly idle: () => void
  readonly meter: Pick<SessionMeter, 'made'>
}

interface Call {
  readonly id: number
  readonly method: string
  /** Monotonic milliseconds. */
  readonly begunAt: number
  readonly responses: Responses
  /** Monotonic milliseconds. */
  readonly deadline: number
  readonly timeoutMs: number
  /** Only for a request that did not fit into OPEN. */
  readonly lane: Lane | undefined
  /** Only once a response came that is more than one small frame. */
  credit: ReceiveCredit | undefined
  forgetSignal: (() => void) | undefined
}

interface Request {
  readonly method: string
  readonly body: Uint8Array
  readonly options: CallOptions
}

export class Caller {
  readonly #components: CallerComponents
  readonly #calls = new Map<number, Call>()
  #nextId: number
  #refusal: LumosError | undefined

  /** The stream's opener has odd call ids, its acceptor even ones. */
  constructor(components: CallerComponents, opener: boolean) {
    this.#components = components
    this.#nextId = opener ? 1 : 2
  }

  get size(): number {
    return this.#calls.size
  }

  /** From now on new calls fail with `error`. */
  refuse(error: LumosError): void {
    this.#refusal = error
  }

  /** No id is left: the session must be replaced. */
  get exhausted(): boolean {
    return this.#nextId > MAX_CALL_ID
  }

  request(request: Request): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      // Nested so that the hot path needs neither an iterator nor an AbortController.
      const id = this.#nextId
      const responses = new SingleResponse({ resolve, reject }, this.#components.budget, (cost) =>
        this.#giveBack(id, cost)
      )
      this.#begin(request, responses, 0)
    })
  }

  stream(request: Request): ResponseReader {
    return new ResponseReader((reader) => {
      const id = this.#nextId
      reader.attach(this.#components.budget, (cost) => this.#giveBack(id, cost))
      try {
        this.#begin(request, reader, FLAG.many)
      } catch (error) {
        reader.fail(error)
      }
      return () => this.#cancel(id)
    })
  }

  /** A chunk of a response. */
  data(frame: DataFrame): void {
    const call = this.#find(frame.id)
    if (call === undefined) return
    if (call.credit !== undefined || frame.flags !== (FLAG.endMessage | FLAG.endCall)) {
      call.credit ??= new ReceiveCredit(LIMITS.callWindow.value, LIMITS.callWindow.value / 4)
      call.credit.receive(frame.body.length + FRAME_COST)
    }
    try {
      call.responses.chunk(frame.body, frame.flags)
    } catch (error) {
      if (error instanceof LumosError && error.code === 'PROTOCOL_VIOLATION') throw error
      this.#components.outbox.plain(FRAME.cancel, call.id)
      this.#fail(call, error)
      return
    }
    if (frame.flags & FLAG.endCall) {
      this.#forget(call, 'ok')
      call.responses.end()
    }
  }

  /** The peer could not answer. */
  error({ id, body }: PlainFrame): void {
    const error = decodeWireError(body)
    const call = this.#find(id)
    if (call !== undefined) this.#fail(call, error)
  }

  /** The peer takes more of a request. */
  credit({ id, bytes }: CreditFrame): void {
    const lane = this.#find(id)?.lane
    if (lane !== undefined) this.#components.outbox.grantLane(lane, bytes)
  }

  /** Ends what is overdue; returns the next deadline. */
  expire(now: number): number {
    let next = Infinity
    for (const call of this.#calls.values()) {
      if (call.deadline > now) next = Math.min(next, call.deadline)
      else this.#timeOut(call)
    }
    return next
  }

  failAll(error: LumosError): void {
    for (const call of this.#calls.values()) this.#fail(call, error)
  }

  #begin({ method, body, options }: Request, responses: Responses, flags: number): void {
    const { clock, outbox, deadlines } = this.#components
    const { signal, timeoutMs = LIMITS.callTimeout.value } = options
    signal?.throwIfAborted()
    const headers = encodeHeaders(options.headers)
    this.#check(method, body, headers)
    if (!(timeoutMs > 0)) throw new LumosError('TIMED_OUT', { details: { timeoutMs } })
    const id = this.#nextId
    this.#nextId += 2
    const whole = outbox.admits(body.length)
    const lane = whole ? undefined : new Lane(id)
    const begunAt = clock.monotonic()
    const deadline = begunAt + timeoutMs
    const call: Call = {
      id,
      method,
      begunAt,
      responses,
      deadline,
      timeoutMs,
      lane,
      credit: undefined,
      forgetSignal: undefined
    }
    this.#calls.set(id, call)
    deadlines.add(deadline)
    if (signal !== undefined) this.#watch(call, signal)
    outbox.open({
      flags: whole ? flags | FLAG.endMessage | FLAG.endCall : flags,
      id,
      timeoutMs: wireTimeout(timeoutMs),
      method,
      headers,
      body: whole ? body : NOTHING
    })
    if (lane !== undefined) outbox.push(lane, body, FLAG.endMessage | FLAG.endCall)
  }

  #check(method: string, body: Uint8Array, headers: Uint8Array): void {
    const { outbox, peer } = this.#components
    if (this.#refusal !== undefined) throw this.#refusal
    if (method.length === 0 || method.length > MAX_METHOD_BYTES) throw new TypeError('method name')
    const limit = LIMITS.messageBytes.value
    if (body.length > limit) {
      throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes: body.length, limit } })
    }
    if (headers.length > LIMITS.callHeaderBytes.value) throw new TypeError('headers too long')
    const full =
      this.#calls.size >= LIMITS.callsPerPeer.value ||
      outbox.queuedBytes + body.length > LIMITS.sessionBufferBytes.value
    if (full) throw new LumosError('SESSION_LIMIT', { details: { peer } })
    if (this.exhausted) throw new LumosError('SESSION_CLOSED', { details: { peer } })
  }

  /** `undefined` for a call that has ended here while the peer's frame was on its way. */
  #find(id: number): Call | undefined {
    const call = this.#calls.get(id)
    if (call === undefined && id >= this.#nextId) throw violation('a frame of a call never made')
    return call
  }

  #giveBack(id: number, cost: number): void {
    const grant = this.#calls.get(id)?.credit?.consume(cost) ?? 0
    this.#components.outbox.credit(id, grant)
  }

  #watch(call: Call, signal: AbortSignal): void {
    const onAbort = (): void => {
      this.#components.outbox.plain(FRAME.cancel, call.id)
      this.#fail(call, signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    call.forgetSignal = () => signal.removeEventListener('abort', onAbort)
  }

  #timeOut(call: Call): void {
    this.#components.outbox.plain(FRAME.cancel, call.id)
    this.#fail(call, new LumosError('TIMED_OUT', { details: { timeoutMs: call.timeoutMs } }))
  }

  /** The reader has left. */
  #cancel(id: number): void {
    const call = this.#calls.get(id)
    if (call === undefined) return
    this.#components.outbox.plain(FRAME.cancel, id)
    this.#forget(call, 'left')
  }

  #fail(call: Call, error: unknown): void {
    this.#forget(call, error instanceof LumosError ? error.code : 'left')
    call.responses.fail(error)
  }

  #forget(call: Call, outcome: string): void {
    const { clock, meter } = this.#components
    this.#calls.delete(call.id)
    meter.made(call.method, outcome, clock.monotonic() - call.begunAt)
    call.forgetSignal?.()
    if (call.lane !== undefined) this.#components.outbox.drop(call.lane)
    if (this.#calls.size === 0) this.#components.idle()
  }
}

const NOTHING = new Uint8Array(0)

function wireTimeout(timeoutMs: number): number {
  return timeoutMs === Infinity ? NO_TIMEOUT : Math.min(Math.ceil(timeoutMs), NO_TIMEOUT - 1)
}
