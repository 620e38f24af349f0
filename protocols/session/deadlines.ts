/** One timer for the deadlines of all calls: it fires about once a deadline's length, not a call. */
import type { Clock } from '../../core/clock.ts'

/** Deadlines are met within this time; less would wake an idle process for nothing. */
const GRAIN_MS = 10

export class Deadlines {
  readonly #clock: Clock
  readonly #expire: (now: number) => number
  #next = Infinity
  #cancel: (() => void) | undefined

  /** `expire` ends all calls whose time has come and returns the next deadline, or `Infinity`. */
  constructor(clock: Clock, expire: (now: number) => number) {
    this.#clock = clock
    this.#expire = expire
  }

  /** A call with this deadline (monotonic) has begun. Ended calls need not be taken back. */
  add(deadline: number): void {
    if (deadline >= this.#next) return
    this.#next = deadline
    this.#arm()
  }

  stop(): void {
    this.#cancel?.()
    this.#next = Infinity
  }

  #arm(): void {
    this.#cancel?.()
    if (this.#next === Infinity) return
    const wait = Math.max(GRAIN_MS, this.#next - this.#clock.monotonic())
    this.#cancel = this.#clock.after(Math.min(wait, MAX_TIMER_MS), () => this.#fire())
  }

  #fire(): void {
    this.#next = Infinity
    const next = this.#expire(this.#clock.monotonic())
    this.#next = Math.min(this.#next, next)
    this.#arm()
  }
}

/** Timers of 2^31 ms and more fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1
