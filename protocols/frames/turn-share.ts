/** What one peer has of a turn of the event loop, so that others have theirs. */
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'

/** Looking at the clock takes 120 ns, a third of what it takes to find a small frame in its bytes (measured): 30 ns for each of these. */
const FRAMES_A_LOOK = 4
/** What is done with a frame may take longer the longer it is; to decrypt as much took 30 times a look. */
const BYTES_A_LOOK = 4096

export class TurnShare {
  readonly #clock: Pick<Clock, 'monotonic'>
  #frames = 0
  /** Since the clock was looked at. */
  #unseenFrames = 0
  #unseenBytes = 0
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
  count(bytes: number): number {
    this.#unseenFrames += 1
    this.#unseenBytes += bytes
    return ++this.#frames
  }

  /** Asked after a frame. */
  get isUsedUp(): boolean {
    if (this.#frames >= LIMITS.turnFrames.value) return true
    if (this.#unseenFrames < FRAMES_A_LOOK && this.#unseenBytes < BYTES_A_LOOK) return false
    this.#unseenFrames = 0
    this.#unseenBytes = 0
    return this.#usedMs + this.#clock.monotonic() - this.#since >= LIMITS.turnTime.value
  }

  renew(): void {
    this.#frames = 0
    this.#usedMs = 0
  }
}
