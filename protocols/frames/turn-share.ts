/** What one peer has of a turn of the event loop, so that others have theirs. */
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'

/** Looking at the clock costs a tenth of what a small frame does. */
const FRAMES_A_LOOK = 8

export class TurnShare {
  readonly #clock: Pick<Clock, 'monotonic'>
  #frames = 0
  /** Of deliveries in this turn that are over. */
  #usedMs = 0
  #since = 0

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** A delivery begins: what passes until it ends is this peer's. */
  enter(): void {
    this.#since = this.#clock.monotonic()
  }

  leave(): void {
    this.#usedMs += this.#clock.monotonic() - this.#since
  }

  /** Counts a frame; returns how many there were in this turn. */
  count(): number {
    return ++this.#frames
  }

  /** Asked after a frame. */
  get isUsedUp(): boolean {
    if (this.#frames >= LIMITS.turnFrames.value) return true
    if (this.#frames % FRAMES_A_LOOK !== 0) return false
    return this.#usedMs + this.#clock.monotonic() - this.#since >= LIMITS.turnTime.value
  }

  renew(): void {
    this.#frames = 0
    this.#usedMs = 0
  }
}
