/** A hand-moved clock for tests of time. */
import type { Clock } from '../../core/clock.ts'
import { TimerQueue } from './timer-queue.ts'
import { sleepWith, timeoutWith } from './timers.ts'

/** A clock that moves only when told to, so that a test of hours takes microseconds. */
export class ManualClock implements Clock {
  #now = 0
  readonly #timers = new TimerQueue()

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, action: () => void): () => void {
    return this.#timers.add(this.#now + ms, action)
  }

  /** Timers not fired yet: zero after a clean stop. */
  get pending(): number {
    return this.#timers.size
  }

  sleep(ms: number, signal?: AbortSignal): Promise<boolean> {
    return sleepWith((wait, action) => this.after(wait, action), ms, signal)
  }

  timeout(ms: number): AbortSignal {
    return timeoutWith((wait, action) => this.after(wait, action), ms)
  }

  /** Fires due timers in order, letting the code between them run. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await settle()
      const next = this.#timers.take(end)
      if (next === undefined) break
      this.#now = Math.max(this.#now, next.at)
      next.action()
    }
    this.#now = end
  }

  /** Moves the time without firing anything, as a stalled event loop does. */
  jump(ms: number): void {
    this.#now += ms
  }
}

/** Lets every microtask and immediate that is already queued run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
