/** Notices a dead peer: asks for a sign of life now and then, and judges by silence. */
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'

export interface HeartbeatComponents {
  readonly clock: Clock
  readonly ping: (token: number) => void
  readonly dead: () => void
}

export class Heartbeat {
  readonly #components: HeartbeatComponents
  #lastBytes: number
  #lastBeat: number
  #token = 0
  #pingedAt: number | undefined
  #roundTripMs: number | undefined
  #cancel: (() => void) | undefined

  constructor(components: HeartbeatComponents) {
    this.#components = components
    this.#lastBytes = components.clock.monotonic()
    this.#lastBeat = this.#lastBytes
  }

  get roundTripMs(): number | undefined {
    return this.#roundTripMs
  }

  /** When a frame came last, monotonic milliseconds. */
  get heardAt(): number {
    return this.#lastBytes
  }

  start(): void {
    this.#ping()
    this.#arm()
  }

  stop(): void {
    this.#cancel?.()
  }

  /** Any frame is a sign of life. */
  alive(): void {
    this.#lastBytes = this.#components.clock.monotonic()
  }

  /** Asks for a sign of life out of turn, unless one is awaited. */
  probe(): void {
    if (this.#pingedAt === undefined) this.#ping()
  }

  pong(token: number): void {
    if (token !== this.#token || this.#pingedAt === undefined) return
    this.#roundTripMs = this.#components.clock.monotonic() - this.#pingedAt
    this.#pingedAt = undefined
    // The first one times code that runs for the first time, at both ends; the second the link.
    if (token === 1) this.#ping()
  }

  #arm(): void {
    const { clock } = this.#components
    this.#cancel = clock.after(LIMITS.heartbeatInterval.value, () => this.#beat())
  }

  #beat(): void {
    const now = this.#components.clock.monotonic()
    const late = now - this.#lastBeat > 2 * LIMITS.heartbeatInterval.value
    this.#lastBeat = now
    // After a stall of our own the timer runs before the sockets are read: the peer's signs of
    // life are waiting there, so that the silence is ours and proves nothing.
    if (late) this.#lastBytes = now
    if (now - this.#lastBytes >= LIMITS.heartbeatDead.value) {
      this.#components.dead()
      return
    }
    this.#ping()
    this.#arm()
  }

  #ping(): void {
    this.#token = (this.#token + 1) >>> 0
    this.#pingedAt = this.#components.clock.monotonic()
    this.#components.ping(this.#token)
  }
}
