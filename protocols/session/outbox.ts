/** Everything a session sends: frames of one tick become one write, bulk waits for its turn. */
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Defer } from '../../core/turn.ts'
import { FrameBatch } from '../frames/batch.ts'
import type { FramePipe } from '../frames/pipe.ts'
import { encodeCredit, encodeData, encodeOpen, encodePlain } from './codec.ts'
import type { OpenFrame, PlainType } from './codec.ts'
import { FRAME, FRAME_COST } from './constants.ts'
import { Scheduler } from './scheduler.ts'
import type { Lane } from './scheduler.ts'

/** Bulk bytes of one write; then others (reading, timers, small calls) have their turn. */
const WRITE_BYTES = 64 * 1024

/**
 * So much leaves before the work at hand is done, so that the peer works on it meanwhile: measured,
 * a fifth more calls a second at 128 in flight than with one write a tick; with 16 KiB it is less.
 */
const EARLY_BYTES = 32 * 1024

/** What the outbox needs of a pipe. */
export type OutboxPort = Pick<FramePipe, 'writable' | 'send' | 'pause' | 'resume'>

export interface OutboxComponents {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly port: OutboxPort
  readonly defer: Defer
  /** Told how many bytes leave. */
  readonly onSent?: (bytes: number) => void
}

export class Outbox {
  readonly #port: OutboxPort
  readonly #defer: Defer
  readonly #batch = new FrameBatch()
  readonly #scheduler: Scheduler
  readonly #onSent: ((bytes: number) => void) | undefined
  readonly #flush = (): void => this.flush()
  #flushing = false
  #reading = true
  #pong: Uint8Array | undefined

  constructor({ clock, port, defer, onSent }: OutboxComponents) {
    this.#onSent = onSent
    this.#port = port
    this.#defer = defer
    this.#scheduler = new Scheduler(clock, this.#batch)
  }

  /** Bytes of messages that wait for credit or for their turn. */
  get queuedBytes(): number {
    return this.#scheduler.queuedBytes
  }

  /** Whether OPEN may carry a body of this size: it leaves at once, before bulk. */
  admits(bytes: number): boolean {
    return this.#scheduler.admits(bytes)
  }

  /** `frame.body` is charged to the session, and must be {@link admits admitted} or empty. */
  open(frame: Omit<OpenFrame, 'type'>): void {
    if (frame.body.length > 0) {
      this.#scheduler.charge(frame.body.length)
    }
    encodeOpen(this.#batch, frame)
    this.#wake()
  }

  /** A whole message without a lane: only one that is {@link admits admitted}, and ends its call. */
  data(id: number, body: Uint8Array, flags: number): void {
    this.#scheduler.charge(body.length)
    encodeData(this.#batch, { id, flags, body })
    this.#wake()
  }

  /** A message of a call that sends several, or a large one. */
  push(lane: Lane, body: Uint8Array, flags: number): void {
    const direct =
      lane.queue.length === 0 &&
      this.#scheduler.admits(body.length) &&
      lane.credit.available >= body.length + FRAME_COST
    if (direct) {
      this.#scheduler.spend(lane, body.length)
      encodeData(this.#batch, { id: lane.id, flags, body })
    } else {
      this.#scheduler.push(lane, body, flags)
    }
    this.#wake()
  }

  drop(lane: Lane): void {
    this.#scheduler.drop(lane)
  }

  grantLane(lane: Lane, bytes: number): void {
    this.#scheduler.grant(lane, bytes)
    this.#wake()
  }

  grantSession(bytes: number): void {
    this.#scheduler.grantSession(bytes)
    this.#wake()
  }

  /** Gives credit back to the peer; id 0 is the session's. */
  credit(id: number, bytes: number): void {
    if (bytes === 0) return
    encodeCredit(this.#batch, id, bytes)
    this.#wake()
  }

  plain(type: PlainType, id: number, body?: Uint8Array): void {
    encodePlain(this.#batch, type, body === undefined ? { id } : { id, body })
    this.#wake()
  }

  /** Answers a ping. Of many pings only the last is answered, so that they cannot pile up. */
  pong(body: Uint8Array): void {
    this.#pong = body
    this.#wake()
  }

  /** Hands everything that may leave now to the transport. */
  flush(): void {
    this.#flushing = false
    if (!this.#port.writable) {
      this.#holdReading()
      return
    }
    if (this.#pong !== undefined) encodePlain(this.#batch, FRAME.pong, { body: this.#pong })
    this.#pong = undefined
    // At least one chunk leaves with every write, or small frames could starve bulk for ever.
    let more = true
    do more = this.#scheduler.writeNext()
    while (more && this.#batch.byteLength < WRITE_BYTES)
    this.#sendBatch()
    if (more) this.#wake()
    if (!this.#reading) {
      this.#reading = true
      this.#port.resume()
    }
  }

  #wake(): void {
    if (this.#batch.byteLength >= EARLY_BYTES && this.#port.writable) this.#sendBatch()
    if (this.#flushing) return
    this.#flushing = true
    this.#defer(this.#flush)
  }

  #sendBatch(): void {
    const bytes = this.#batch.take()
    if (bytes === undefined) return
    this.#onSent?.(bytes.byteLength)
    this.#port.send(bytes)
  }

  /** Who does not take our answers is not asked for more: its questions stay in its own memory. */
  #holdReading(): void {
    if (!this.#reading || this.#batch.byteLength < LIMITS.controlFrameBytes.value) return
    this.#reading = false
    this.#port.pause()
  }
}
