/** Decides whose bytes go next: calls with something to send take turns, one chunk each. */
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import type { FrameBatch } from '../frames/batch.ts'
import { BulkWindow } from './bulk-window.ts'
import { encodeData } from './codec.ts'
import { FRAME_COST } from './constants.ts'
import { SendCredit } from './credit.ts'

/** Messages up to this size need not take turns: they are what the turns protect. */
const SMALL_BYTES = 4 * 1024

/** A chunk cut short by credit is sent only from this size on; credit comes back in larger steps. */
const LEAST_CHUNK_BYTES = 4 * 1024

interface QueuedMessage {
  readonly body: Uint8Array
  /** For the message's last chunk. */
  readonly flags: number
}

/** One call's way out. */
export class Lane {
  readonly id: number
  readonly credit = new SendCredit(LIMITS.callWindow.value)
  readonly queue: QueuedMessage[] = []
  /** Bytes of the first message that are sent already. */
  sent = 0
  queuedBytes = 0
  /** Whether the scheduler has this lane in its ring. */
  listed = false
  /** Called when everything queued has been handed to the transport. */
  onEmpty: (() => void) | undefined

  constructor(id: number) {
    this.id = id
  }
}

export class Scheduler {
  readonly #sessionCredit = new SendCredit(LIMITS.sessionWindow.value)
  readonly #bulkWindow = new BulkWindow()
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #batch: FrameBatch
  /** Lanes that have something to send and, as far as known, credit of their own. */
  readonly #ring: Lane[] = []
  #queuedBytes = 0

  constructor(clock: Pick<Clock, 'monotonic'>, batch: FrameBatch) {
    this.#clock = clock
    this.#batch = batch
  }

  /** Bytes of messages that wait in all lanes. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** Whether a small message may leave now: one that fits the session's window. */
  admits(bytes: number): boolean {
    return bytes <= SMALL_BYTES && this.#sessionCredit.available >= bytes + FRAME_COST
  }

  /** Takes a message; `flags` mark its last chunk. `body` must not change until it is sent. */
  push(lane: Lane, body: Uint8Array, flags: number): void {
    lane.queue.push({ body, flags })
    lane.queuedBytes += body.length
    this.#queuedBytes += body.length
    this.#list(lane)
  }

  /** Charges a frame that leaves at once to the session. */
  charge(bytes: number): void {
    this.#sessionCredit.available -= bytes + FRAME_COST
    this.#bulkWindow.sent(bytes + FRAME_COST)
  }

  /** Charges a chunk of a lane to both windows. */
  spend(lane: Lane, bytes: number): void {
    lane.credit.available -= bytes + FRAME_COST
    this.charge(bytes)
  }

  /** The peer has received so much, and lets the session send as much again. */
  grantSession(bytes: number): void {
    this.#sessionCredit.grant(bytes)
    this.#bulkWindow.acknowledged(bytes, this.#clock.monotonic())
  }

  /** The peer lets this call send more. */
  grant(lane: Lane, bytes: number): void {
    lane.credit.grant(bytes)
    if (lane.queue.length > 0) this.#list(lane)
  }

  /** Forgets what the lane has not sent. */
  drop(lane: Lane): void {
    this.#queuedBytes -= lane.queuedBytes - lane.sent
    lane.queue.length = 0
    lane.queuedBytes = 0
    lane.sent = 0
    lane.onEmpty = undefined
  }

  /** Writes the next chunk to the batch; `false` when nothing can be sent now. */
  writeNext(): boolean {
    for (;;) {
      const lane = this.#ring[0]
      if (lane === undefined) {
        this.#bulkWindow.idle()
        return false
      }
      const message = lane.queue[0]
      const length = message === undefined ? -1 : this.#chunkLength(lane, message)
      if (length < 0 || message === undefined) {
        this.#ring.shift()
        lane.listed = false
      } else if (this.#fits(length, message.body.length - lane.sent)) {
        this.#ring.shift()
        this.#write(lane, message, length)
        return true
      } else {
        return false
      }
    }
  }

  /** Bytes that the lane's own credit allows; -1 when it must wait for more. */
  #chunkLength(lane: Lane, { body }: QueuedMessage): number {
    const rest = body.length - lane.sent
    const length = Math.min(rest, LIMITS.chunkBytes.value, lane.credit.available - FRAME_COST)
    return length >= Math.min(rest, LEAST_CHUNK_BYTES) ? length : -1
  }

  #fits(length: number, rest: number): boolean {
    if (!this.#bulkWindow.admits(length)) return false
    const room = this.#sessionCredit.available - FRAME_COST
    return room >= length || room >= Math.min(rest, LEAST_CHUNK_BYTES)
  }

  #write(lane: Lane, { body, flags }: QueuedMessage, allowed: number): void {
    const length = Math.min(allowed, this.#sessionCredit.available - FRAME_COST)
    const end = lane.sent + length
    const last = end === body.length
    this.spend(lane, length)
    this.#bulkWindow.mark(this.#clock.monotonic())
    encodeData(this.#batch, {
      id: lane.id,
      flags: last ? flags : 0,
      body: body.subarray(lane.sent, end)
    })
    this.#queuedBytes -= length
    lane.sent = end
    if (last) {
      lane.queue.shift()
      lane.queuedBytes -= body.length
      lane.sent = 0
    }
    lane.listed = false
    if (lane.queue.length > 0) this.#list(lane)
    else lane.onEmpty?.()
  }

  #list(lane: Lane): void {
    if (lane.listed) return
    lane.listed = true
    this.#ring.push(lane)
  }
}
