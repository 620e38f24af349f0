/** A hand-moved clock for tests of time. */
import type { Clock } from '../../core/clock.ts'
import { sleepWith, timeoutWith } from './timers.ts'

interface Timer {
  readonly at: number
  readonly fire: () => void
}

/** A clock that moves only when told to, so that a test of hours takes microseconds. */
export class ManualClock implements Clock {
  #now = 0
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, action: () => void): () => void {
    const timer = { at: this.#now + ms, fire: action }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
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
      const next = [...this.#timers].toSorted((a, b) => a.at - b.at)[0]
      if (next === undefined || next.at > end) break
      this.#now = Math.max(this.#now, next.at)
      this.#timers.delete(next)
      next.fire()
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
