/** One session stream after HELLO: sorts frames to the calls they belong to, and ends in order. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Defer } from '../../core/turn.ts'
import type { FramePipe, FrameSink } from '../frames/pipe.ts'
import { Budget } from './assembler.ts'
import type { CallQuotas } from './call-quotas.ts'
import { Callee } from './callee.ts'
import { Caller } from './caller.ts'
import { decodeFrame, violation } from './codec.ts'
import type { Frame, PlainFrame } from './codec.ts'
import { FRAME, FRAME_COST } from './constants.ts'
import { ReceiveCredit } from './credit.ts'
import { Deadlines } from './deadlines.ts'
import { Heartbeat } from './heartbeat.ts'
import type { Methods } from './methods.ts'
import { Outbox } from './outbox.ts'
import { decodeWireError, encodeWireError } from './schema.ts'
import { NO_SESSION_METER } from './session-meter.ts'
import type { SessionMeter } from './session-meter.ts'
import type { CallOptions } from './session.ts'

/** What a link does to the world; a simulation supplies its own. */
export type LinkPipe = Pick<
  FramePipe,
  'peer' | 'path' | 'direction' | 'writable' | 'send' | 'pause' | 'resume' | 'close' | 'abort'
>

export interface LinkComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly methods: Methods
  readonly quotas: CallQuotas
  readonly defer: Defer
  readonly meter?: SessionMeter | undefined
}

export interface LinkOwner {
  /** The peer opens no more calls here, and takes none: it stops, or refuses us. */
  leaving(link: SessionLink, reason: LumosError): void
  /** Nothing more happens on this link. Once. */
  closed(link: SessionLink, reason: LumosError): void
}

/** Session credit goes back often: it is also how a sender learns that its bytes arrived. */
const SESSION_STEP_BYTES = LIMITS.chunkBytes.value

export class SessionLink implements FrameSink {
  readonly peer: PeerIdText
  readonly path: 'direct' | 'relay'
  /** Which side opened the stream. */
  readonly opener: boolean
  /** Monotonic milliseconds. */
  readonly openedAt: number
  readonly #clock: Clock
  readonly #defer: Defer
  readonly #meter: SessionMeter
  readonly #pipe: LinkPipe
  readonly #owner: LinkOwner
  readonly #outbox: Outbox
  readonly #deadlines: Deadlines
  readonly #caller: Caller
  readonly #callee: Callee
  readonly #heartbeat: Heartbeat
  readonly #credit = new ReceiveCredit(LIMITS.sessionWindow.value, SESSION_STEP_BYTES)
  readonly #ended = Promise.withResolvers<void>()
  #closed = false
  /** Set once calls are only to be finished: what they fail with when they are not in time. */
  #draining: LumosError | undefined
  #retired = false
  #peerRetired = false
  #cancelDrain: (() => void) | undefined

  constructor(components: LinkComponents, pipe: LinkPipe, owner: LinkOwner) {
    const { clock, defer, meter = NO_SESSION_METER } = components
    this.peer = pipe.peer
    this.path = pipe.path
    this.opener = pipe.direction === 'outbound'
    this.openedAt = clock.monotonic()
    this.#clock = clock
    this.#defer = defer
    this.#meter = meter
    this.#pipe = pipe
    this.#owner = owner
    const outbox = new Outbox({ clock, port: pipe, defer, onSent: (bytes) => meter.sent(bytes) })
    const deadlines = new Deadlines(clock, (now) => this.#expire(now))
    const { peer } = pipe
    const shared = { ...components, meter, outbox, deadlines, peer, idle: () => this.#onIdle() }
    this.#outbox = outbox
    this.#deadlines = deadlines
    const budget = new Budget(LIMITS.sessionBufferBytes.value)
    this.#caller = new Caller({ ...shared, budget }, this.opener)
    this.#callee = new Callee({ ...shared, quota: components.quotas.of(peer) }, this.opener)
    this.#heartbeat = new Heartbeat({
      clock,
      ping: (token) => outbox.plain(FRAME.ping, 0, tokenBytes(token)),
      dead: () =>
        this.#close(
          new LumosError('STREAM_IDLE', { details: { idleMs: LIMITS.heartbeatDead.value } }),
          'abort'
        )
    })
    this.#heartbeat.start()
  }

  get roundTripMs(): number | undefined {
    return this.#heartbeat.roundTripMs
  }

  /** Monotonic milliseconds. */
  get heardAt(): number {
    return this.#heartbeat.heardAt
  }

  /** Asks the peer for a sign of life. */
  probe(): void {
    if (!this.#closed) this.#heartbeat.probe()
  }

  /** Whether calls may begin here. */
  get usable(): boolean {
    return !this.#closed && this.#draining === undefined && !this.#caller.exhausted
  }

  /** Resolves when the stream is closed in both directions or given up. */
  get gone(): Promise<void> {
    return this.#ended.promise
  }

  request(method: string, body: Uint8Array, options: CallOptions = {}): Promise<Uint8Array> {
    return this.#caller.request({ method, body, options })
  }

  stream(
    method: string,
    body: Uint8Array,
    options: CallOptions = {}
  ): AsyncIterableIterator<Uint8Array> {
    return this.#caller.stream({ method, body, options })
  }

  /** The other stream of a simultaneous dial has won: finish what runs here, then end. */
  retire(): void {
    if (this.#closed || this.#retired) return
    this.#retired = true
    this.#outbox.plain(FRAME.retire, 0)
    const error = this.#sessionClosed()
    this.#cancelDrain ??= this.#clock.after(LIMITS.sessionRetire.value, () => this.#finish(error))
    this.#onIdle()
  }

  /** The winner is gone: use this one again. */
  reinstate(): void {
    if (!this.#retired || this.#draining !== undefined) return
    this.#retired = false
    this.#cancelDrain?.()
    this.#cancelDrain = undefined
  }

  /** Tells the peer why, lets calls in flight end within `drainMs`, then closes. */
  goAway(reason: LumosError, drainMs: number): void {
    if (this.#closed || this.#draining !== undefined) return
    this.#drain(reason)
    this.#outbox.plain(FRAME.goAway, 0, encodeWireError(reason))
    this.#cancelDrain?.()
    this.#cancelDrain = this.#clock.after(drainMs, () => this.#finish(reason))
    this.#onIdle()
  }

  frame(bytes: Uint8Array): void {
    if (this.#closed) return
    this.#meter.received(bytes.length)
    this.#heartbeat.alive()
    try {
      this.#dispatch(decodeFrame(bytes))
    } catch (error) {
      const reason =
        error instanceof LumosError ? error : new LumosError('INTERNAL', { cause: error })
      this.#outbox.plain(FRAME.goAway, 0, encodeWireError(reason))
      this.#finish(reason)
    }
  }

  drained(): void {
    this.#outbox.flush()
  }

  ended(): void {
    this.#close(this.#draining ?? this.#sessionClosed(), 'close')
  }

  failed(error: Error): void {
    const reason =
      error instanceof LumosError ? error : new LumosError('STREAM_TRUNCATED', { cause: error })
    this.#close(reason, 'abort')
  }

  #dispatch(frame: Frame): void {
    switch (frame.type) {
      case FRAME.data:
        this.#receive(frame.body.length + FRAME_COST)
        if (this.#isOurs(frame.id)) this.#caller.data(frame)
        else this.#callee.data(frame)
        return
      case FRAME.open:
        if (this.#isOurs(frame.id)) throw violation('OPEN with an id of the other side')
        if (frame.body.length > 0) this.#receive(frame.body.length + FRAME_COST)
        this.#callee.open(frame)
        return
      case FRAME.credit:
        if (frame.id === 0) this.#outbox.grantSession(frame.bytes)
        else if (this.#isOurs(frame.id)) this.#caller.credit(frame)
        else this.#callee.credit(frame)
        return
      case undefined:
        return
      case FRAME.hello:
      case FRAME.refuse:
      case FRAME.error:
      case FRAME.cancel:
      case FRAME.ping:
      case FRAME.pong:
      case FRAME.goAway:
      case FRAME.retire:
        this.#dispatchPlain(frame)
    }
  }

  #dispatchPlain(frame: PlainFrame): void {
    switch (frame.type) {
      case FRAME.error:
        if (!this.#isOurs(frame.id)) throw violation('ERROR from a caller')
        this.#caller.error(frame)
        return
      case FRAME.cancel:
        if (this.#isOurs(frame.id)) throw violation('CANCEL from the called side')
        this.#callee.cancel(frame.id)
        return
      case FRAME.ping:
        this.#outbox.pong(checkToken(frame.body))
        return
      case FRAME.pong:
        this.#heartbeat.pong(readToken(checkToken(frame.body)))
        return
      case FRAME.goAway:
        this.#onGoAway(decodeWireError(frame.body))
        return
      case FRAME.retire:
        this.#peerRetired = true
        this.#onIdle()
        return
      case FRAME.hello:
      case FRAME.refuse:
        throw violation('HELLO or REFUSE after the handshake')
    }
  }

  #isOurs(id: number): boolean {
    return (id % 2 === 1) === this.opener
  }

  #receive(cost: number): void {
    this.#credit.receive(cost)
    this.#outbox.credit(0, this.#credit.consume(cost))
  }

  #onGoAway(reason: LumosError): void {
    if (this.#draining === undefined) {
      this.#drain(this.#sessionClosed(reason))
      this.#cancelDrain?.()
      // The peer ends the stream; this is for one that does not.
      this.#cancelDrain = this.#clock.after(2 * LIMITS.sessionDrain.value, () =>
        this.#finish(this.#sessionClosed(reason))
      )
    }
    this.#owner.leaving(this, reason)
    this.#onIdle()
  }

  #drain(error: LumosError): void {
    this.#draining = error
    this.#caller.refuse(error)
    this.#callee.refuse(error)
  }

  #expire(now: number): number {
    return Math.min(this.#caller.expire(now), this.#callee.expire(now))
  }

  get #ending(): boolean {
    return this.#draining !== undefined || (this.#retired && this.#peerRetired)
  }

  /** The last call of one direction has ended; its last frames may not have left yet. */
  #onIdle(): void {
    if (this.#ending) this.#defer(() => this.#maybeFinish())
  }

  /** Ends a draining link once its last call has ended. */
  #maybeFinish(): void {
    if (!this.#ending || this.#caller.size > 0 || this.#callee.size > 0) return
    this.#finish(this.#draining ?? this.#sessionClosed())
  }

  /** Writes what is left, then the end mark. */
  #finish(reason: LumosError): void {
    if (this.#closed) return
    this.#outbox.flush()
    this.#close(reason, 'close')
  }

  #close(reason: LumosError, how: 'close' | 'abort'): void {
    if (this.#closed) return
    this.#closed = true
    this.#heartbeat.stop()
    this.#deadlines.stop()
    this.#cancelDrain?.()
    const error = reason.code === 'SHUTTING_DOWN' ? reason : this.#sessionClosed(reason)
    this.#caller.refuse(error)
    this.#caller.failAll(error)
    this.#callee.abortAll(error)
    if (how === 'abort') this.#pipe.abort(reason)
    void this.#pipe.close().then(() => this.#ended.resolve())
    this.#owner.closed(this, reason)
  }

  #sessionClosed(cause?: LumosError): LumosError {
    return new LumosError('SESSION_CLOSED', { cause, details: { peer: this.peer } })
  }
}

function tokenBytes(token: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, token)
  return bytes
}

function checkToken(body: Uint8Array): Uint8Array {
  if (body.length !== 4) throw violation('a ping token has four bytes')
  return body
}

function readToken(body: Uint8Array): number {
  return new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(0)
}
