/** A clock for hundreds of thousands of timers: time jumps to the next one as soon as nothing is left to do. */
import type { Clock } from '../../../core/clock.ts'
import { sleepWith, timeoutWith } from '../timers.ts'

interface Timer {
  readonly at: number
  /** Of two at the same moment, the one that was set first. */
  readonly order: number
  action: (() => void) | undefined
}

export class VirtualTime implements Clock {
  #now = 0
  #order = 0
  /** A binary heap by time and order. */
  readonly #heap: Timer[] = []

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, action: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order++, action }
    this.#push(timer)
    return () => {
      timer.action = undefined
    }
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
      const next = this.#pop(end)
      if (next === undefined) break
      this.#now = next.at
      next.action?.()
      for (let same = this.#pop(next.at); same !== undefined; same = this.#pop(next.at)) {
        same.action?.()
      }
    }
    this.#now = end
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let at = heap.push(timer) - 1
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (!this.#isBefore(at, parent)) return
      this.#swap(at, parent)
      at = parent
    }
  }

  /** The next one that is due until `end`, without those that were cancelled. */
  #pop(end: number): Timer | undefined {
    const heap = this.#heap
    for (;;) {
      const [first] = heap
      if (first === undefined || first.at > end) return undefined
      const last = heap.pop()
      if (last !== undefined && heap.length > 0) {
        heap[0] = last
        this.#sink()
      }
      if (first.action !== undefined) return first
    }
  }

  #sink(): void {
    const { length } = this.#heap
    for (let at = 0; ;) {
      const left = 2 * at + 1
      const right = left + 1
      let least = at
      if (left < length && this.#isBefore(left, least)) least = left
      if (right < length && this.#isBefore(right, least)) least = right
      if (least === at) return
      this.#swap(at, least)
      at = least
    }
  }

  #isBefore(a: number, b: number): boolean {
    const one = this.#heap[a]
    const other = this.#heap[b]
    if (one === undefined || other === undefined) return false
    return one.at < other.at || (one.at === other.at && one.order < other.order)
  }

  #swap(a: number, b: number): void {
    const one = this.#heap[a]
    const other = this.#heap[b]
    if (one === undefined || other === undefined) return
    this.#heap[a] = other
    this.#heap[b] = one
  }
}

/** Lets every microtask that is already queued run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
