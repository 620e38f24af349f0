/** Time as one process sees it: a wall clock that may be set, and timers that end with the process. */
import type { Clock } from '../../../core/clock.ts'
import type { ManualClock } from '../manual-clock.ts'
import { sleepWith, timeoutWith } from '../timers.ts'

export class ProcessClock implements Clock {
  readonly #time: ManualClock
  readonly #wallMs: () => number
  readonly #began: number
  readonly #timers = new Set<() => void>()
  #stopped = false

  constructor(time: ManualClock, wallMs: () => number) {
    this.#time = time
    this.#wallMs = wallMs
    this.#began = time.monotonic()
  }

  now(): number {
    return this.#wallMs()
  }

  /** Counts from the start of the process, so that nobody can rely on it across restarts. */
  monotonic(): number {
    return this.#time.monotonic() - this.#began
  }

  after(ms: number, action: () => void): () => void {
    if (this.#stopped) return () => {}
    const cancel = this.#time.after(ms, () => {
      this.#timers.delete(cancel)
      action()
    })
    this.#timers.add(cancel)
    return () => {
      this.#timers.delete(cancel)
      cancel()
    }
  }

  sleep(ms: number, signal?: AbortSignal): Promise<boolean> {
    // Who waits waits for ever.
    if (this.#stopped && signal?.aborted !== true) return new Promise(() => {})
    return sleepWith((wait, action) => this.after(wait, action), ms, signal)
  }

  timeout(ms: number): AbortSignal {
    return timeoutWith((wait, action) => this.after(wait, action), ms)
  }

  /** The process ends: nothing fires any more, and who waits waits for ever. */
  stop(): void {
    this.#stopped = true
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
  }
}
