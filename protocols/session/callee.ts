/** The calls that the peer makes in a session: their requests, handlers and responses. */
import type { Clock } from '../../core/clock.ts'
import { LumosError, refusal, toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { Assembler } from './assembler.ts'
import type { CallQuota } from './call-quotas.ts'
import { violation } from './codec.ts'
import type { CreditFrame, DataFrame, OpenFrame } from './codec.ts'
import { FLAG, FRAME, FRAME_COST, NO_TIMEOUT } from './constants.ts'
import { ReceiveCredit } from './credit.ts'
import type { Deadlines } from './deadlines.ts'
import type { Methods, Served } from './methods.ts'
import type { Outbox } from './outbox.ts'
import { Lane } from './scheduler.ts'
import { decodeHeaders, encodeWireError } from './schema.ts'
import { ServedContext } from './served-call.ts'
import type { SessionMeter } from './session-meter.ts'
import type { RequestHandler, StreamHandler } from './session.ts'

export interface CalleeComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly outbox: Outbox
  readonly deadlines: Deadlines
  readonly methods: Methods
  /** What this peer may still ask for, on all its streams. */
  readonly quota: CallQuota
  readonly peer: PeerIdText
  /** Called when the last call has ended. */
  readonly idle: () => void
  readonly meter: Pick<SessionMeter, 'served' | 'refused'>
}

interface ServedCall {
  readonly id: number
  readonly method: string
  readonly handler: Handler
  readonly context: ServedContext
  readonly deadline: number
  readonly timeoutMs: number
  /** Only while a request of several chunks arrives. */
  request: { readonly assembler: Assembler; readonly credit: ReceiveCredit } | undefined
  /** Request bytes held for the call. */
  held: number
  /** Its handler has not returned; one that was cancelled still costs this node. */
  running: boolean
  lane: Lane | undefined
}

type Handler =
  | ({ readonly many: false } & Served<RequestHandler>)
  | ({ readonly many: true } & Served<StreamHandler>)

const END = FLAG.endMessage | FLAG.endCall
const NOTHING = new Uint8Array(0)

export class Callee {
  readonly #components: CalleeComponents
  readonly #calls = new Map<number, ServedCall>()
  #lastId: number
  #refusal: LumosError | undefined

  constructor(components: CalleeComponents, opener: boolean) {
    this.#components = components
    this.#lastId = opener ? 0 : -1
  }

  /** Calls without an answer. */
  get size(): number {
    return this.#calls.size
  }

  /** From now on new calls fail with `error`. */
  refuse(error: LumosError): void {
    this.#refusal = error
  }

  open(frame: OpenFrame): void {
    // The link sorts ids by parity, so that only their order remains to be checked.
    if (frame.id <= this.#lastId) throw violation('a call id is used twice')
    this.#lastId = frame.id
    const whole = (frame.flags & FLAG.endMessage) !== 0
    if (whole !== ((frame.flags & FLAG.endCall) !== 0))
      throw violation('client streaming is reserved')
    if (!whole && frame.body.length > 0) throw violation('OPEN with a part of a body')
    try {
      const call = this.#accept(frame)
      if (!whole) this.#await(call)
      else this.#run(call, frame.body)
    } catch (error) {
      const reason = toLumosError(error)
      if (reason.code === 'PROTOCOL_VIOLATION') throw reason
      this.#components.meter.refused(reason.code)
      this.#refuse(frame.id, reason)
    }
  }

  /** A chunk of a request. */
  data(frame: DataFrame): void {
    const call = this.#find(frame.id)
    if (call === undefined) return
    const { request } = call
    if (request === undefined) throw violation('DATA after the end of a request')
    const last = (frame.flags & FLAG.endMessage) !== 0
    if (last !== ((frame.flags & FLAG.endCall) !== 0))
      throw violation('client streaming is reserved')
    const cost = frame.body.length + FRAME_COST
    request.credit.receive(cost)
    let body: Uint8Array | undefined
    try {
      this.#components.quota.hold(frame.body.length)
      call.held += frame.body.length
      body = request.assembler.add(frame.body, last)
    } catch (error) {
      this.#answerError(call, toLumosError(error))
      return
    }
    if (body === undefined) {
      this.#components.outbox.credit(call.id, request.credit.consume(cost))
      return
    }
    call.request = undefined
    this.#run(call, body)
  }

  cancel(id: number): void {
    const call = this.#find(id)
    if (call !== undefined) this.#end(call, new LumosError('CANCELLED'))
  }

  /** The peer takes more of a response. */
  credit({ id, bytes }: CreditFrame): void {
    const lane = this.#find(id)?.lane
    if (lane !== undefined) this.#components.outbox.grantLane(lane, bytes)
  }

  /** Ends what is overdue; returns the next deadline. */
  expire(now: number): number {
    let next = Infinity
    for (const call of this.#calls.values()) {
      if (call.deadline > now) {
        next = Math.min(next, call.deadline)
      } else {
        const { timeoutMs } = call
        this.#answerError(call, new LumosError('TIMED_OUT', { details: { timeoutMs } }))
      }
    }
    return next
  }

  /** The session is gone: nobody waits for these answers any more. */
  abortAll(error: LumosError): void {
    for (const call of this.#calls.values()) this.#end(call, error)
  }

  #accept({ id, flags, method, headers, timeoutMs, body }: OpenFrame): ServedCall {
    const { clock, deadlines, peer, quota } = this.#components
    if (this.#refusal !== undefined) throw this.#refusal
    quota.call()
    quota.bytes(headers.length + body.length)
    const handler = this.#handler(method, (flags & FLAG.many) !== 0)
    checkFits(body.length, handler)
    const deadline = timeoutMs === NO_TIMEOUT ? Infinity : clock.monotonic() + timeoutMs
    const call: ServedCall = {
      id,
      method,
      handler,
      context: new ServedContext({ clock, peer, headers: decodeHeaders(headers), deadline }),
      deadline,
      timeoutMs,
      request: undefined,
      held: body.length,
      running: false,
      lane: undefined
    }
    quota.begin(body.length)
    this.#calls.set(id, call)
    deadlines.add(deadline)
    return call
  }

  #handler(method: string, many: boolean): Handler {
    const { methods } = this.#components
    if (many) {
      const served = methods.findStream(method)
      if (served !== undefined) return { many, ...served }
    } else {
      const served = methods.findRequest(method)
      if (served !== undefined) return { many, ...served }
    }
    throw refusal('UNKNOWN_METHOD', { details: { method } })
  }

  #await(call: ServedCall): void {
    const window = LIMITS.callWindow.value
    const assembler = new Assembler(call.handler.mostBytes)
    call.request = { assembler, credit: new ReceiveCredit(window, window / 4) }
  }

  #run(call: ServedCall, body: Uint8Array): void {
    const { handler } = call
    call.running = true
    if (handler.many) {
      // Never rejects: failures become the call's error.
      void this.#answerMany(call, handler.handle, body)
      return
    }
    let answer: Promise<Uint8Array> | Uint8Array
    try {
      answer = handler.handle(body, call.context)
    } catch (error) {
      this.#failed(call, error)
      return
    }
    if (answer instanceof Uint8Array) this.#answered(call, answer)
    else
      answer.then(
        (bytes) => this.#answered(call, bytes),
        (error: unknown) => this.#failed(call, error)
      )
  }

  #answered(call: ServedCall, body: Uint8Array): void {
    this.#returned(call)
    if (!this.#calls.has(call.id)) return
    const { outbox } = this.#components
    if (outbox.admits(body.length)) {
      outbox.data(call.id, body, END)
      this.#forget(call)
      return
    }
    if (!this.#checkSize(call, body)) return
    const lane = this.#laneOf(call)
    lane.onEmpty = () => this.#forget(call)
    outbox.push(lane, body, END)
  }

  #failed(call: ServedCall, error: unknown): void {
    this.#returned(call)
    this.#answerFailure(call, error)
  }

  async #answerMany(call: ServedCall, handle: StreamHandler, body: Uint8Array): Promise<void> {
    try {
      for await (const message of handle(body, call.context)) {
        if (!this.#calls.has(call.id) || !this.#checkSize(call, message)) return
        const lane = this.#laneOf(call)
        this.#components.outbox.push(lane, message, FLAG.endMessage)
        if (lane.queue.length > 0) await emptied(lane)
        // Leaving the loop runs the handler's own clean-up.
        if (!this.#calls.has(call.id)) return
      }
      this.#endMany(call)
    } catch (error) {
      this.#answerFailure(call, error)
    } finally {
      this.#returned(call)
    }
  }

  #endMany(call: ServedCall): void {
    if (!this.#calls.has(call.id)) return
    const lane = this.#laneOf(call)
    this.#components.outbox.push(lane, NOTHING, FLAG.endCall)
    if (lane.queue.length === 0) this.#forget(call)
    else lane.onEmpty = () => this.#forget(call)
  }

  #checkSize(call: ServedCall, { length: bytes }: Uint8Array): boolean {
    const limit = LIMITS.messageBytes.value
    if (bytes > limit) {
      this.#answerError(call, new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes, limit } }))
      return false
    }
    if (this.#components.outbox.queuedBytes + bytes <= LIMITS.sessionBufferBytes.value) return true
    this.#answerError(call, new LumosError('OVERLOADED', { details: { retryAfterMs: 1000 } }))
    return false
  }

  #laneOf(call: ServedCall): Lane {
    call.lane ??= new Lane(call.id)
    return call.lane
  }

  #find(id: number): ServedCall | undefined {
    const call = this.#calls.get(id)
    if (call === undefined && id > this.#lastId) throw violation('a frame of a call never made')
    return call
  }

  #answerFailure(call: ServedCall, error: unknown): void {
    if (!this.#calls.has(call.id)) return
    const { logger, peer } = this.#components
    const known = toLumosError(error)
    if (known.code === 'INTERNAL')
      logger.warn('a handler failed', { method: call.method, peer, error })
    this.#answerError(call, known)
  }

  #answerError(call: ServedCall, error: LumosError): void {
    this.#refuse(call.id, error)
    this.#end(call, error)
  }

  #refuse(id: number, error: LumosError): void {
    this.#components.outbox.plain(FRAME.error, id, encodeWireError(error))
  }

  #end(call: ServedCall, reason: LumosError): void {
    this.#forget(call, reason.code)
    call.context.abort(reason)
  }

  #returned(call: ServedCall): void {
    call.running = false
    if (!this.#calls.has(call.id)) this.#components.quota.end()
  }

  #forget(call: ServedCall, outcome = 'ok'): void {
    if (!this.#calls.delete(call.id)) return
    const { outbox, quota, idle, meter } = this.#components
    meter.served(call.method, outcome, call.context.ageMs())
    quota.release(call.held)
    if (!call.running) quota.end()
    if (call.lane !== undefined) {
      const { onEmpty } = call.lane
      outbox.drop(call.lane)
      onEmpty?.()
    }
    if (this.#calls.size === 0) idle()
  }
}

function checkFits(bytes: number, { mostBytes: limit }: Handler): void {
  if (bytes > limit) throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes, limit } })
}

/** Resolves when the lane is empty, or was dropped because the call ended. */
function emptied(lane: Lane): Promise<void> {
  return new Promise((resolve) => {
    lane.onEmpty = resolve
  })
}
