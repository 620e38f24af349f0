/** A clock for hundreds of thousands of timers: time jumps to the next one as soon as nothing is left to do. */
import type { Clock } from '../../../core/clock.ts'
import { TimerQueue } from '../timer-queue.ts'
import { sleepWith, timeoutWith } from '../timers.ts'

export class VirtualTime implements Clock {
  #now = 0
  readonly #timers = new TimerQueue()

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, action: () => void): () => void {
    return this.#timers.add(this.#now + Math.max(0, ms), action)
  }

  sleep(ms: number, signal?: AbortSignal): Promise<boolean> {
    return sleepWith((wait, action) => this.after(wait, action), ms, signal)
  }

  timeout(ms: number): AbortSignal {
    return timeoutWith((wait, action) => this.after(wait, action), ms)
  }

  /** Runs everything that is due until `end`; code between two moments runs to its end. */
  async runUntil(end: number): Promise<void> {
    for (;;) {
      await settled()
      const next = this.#timers.take(end)
      if (next === undefined) break
      this.#now = next.at
      next.action()
      for (let same = this.#timers.take(next.at); same; same = this.#timers.take(next.at)) {
        same.action()
      }
    }
    this.#now = end
  }
}

/** Lets every microtask that is already queued run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
