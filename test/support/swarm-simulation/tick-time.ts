/** Virtual time in whole milliseconds: what is due within one of them happens together, which is what makes 1,000 nodes quick. */
import type { Clock } from '../../../core/clock.ts'
import { sleepWith } from '../timers.ts'

type Action = () => void

/** One for all: to make a DOMException costs more than most of what waits for one. */
const TIMED_OUT = new DOMException('timed out', 'TimeoutError')

export class TickTime implements Clock {
  #now = 0
  /** What is due, by the millisecond; what was cancelled is a hole. */
  readonly #due = new Map<number, (Action | undefined)[]>()
  /** The milliseconds of {@link #due}, as a binary heap. */
  readonly #moments: number[] = []

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, action: Action): () => void {
    const at = this.#now + Math.max(0, Math.ceil(ms))
    let actions = this.#due.get(at)
    if (actions === undefined) {
      this.#due.set(at, (actions = []))
      push(this.#moments, at)
    }
    const place = actions.push(action) - 1
    return () => {
      actions[place] = undefined
    }
  }

  sleep(ms: number, signal?: AbortSignal): Promise<boolean> {
    return sleepWith((wait, action) => this.after(wait, action), ms, signal)
  }

  timeout(ms: number): AbortSignal {
    const controller = new AbortController()
    this.after(ms, () => controller.abort(TIMED_OUT))
    return controller.signal
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await settled()
      const [next] = this.#moments
      if (next === undefined || next > end) break
      pop(this.#moments)
      this.#now = next
      const actions = this.#due.get(next) ?? []
      // They may add others for the same moment.
      for (let place = 0; place < actions.length; place += 1) actions[place]?.()
      this.#due.delete(next)
    }
    this.#now = end
  }

  /** Milliseconds until `check` holds, looked at every `stepMs`; NaN if it does not within `limitMs`. */
  async until(
    check: () => boolean | Promise<boolean>,
    { limitMs, stepMs = 100 }: { readonly limitMs: number; readonly stepMs?: number }
  ): Promise<number> {
    const start = this.#now
    while (!(await check())) {
      if (this.#now - start >= limitMs) return NaN
      await this.advance(stepMs)
    }
    return this.#now - start
  }
}

function push(heap: number[], value: number): void {
  let at = heap.push(value) - 1
  while (at > 0) {
    const parent = (at - 1) >>> 1
    const above = heap[parent] ?? 0
    if (above <= value) break
    heap[at] = above
    at = parent
  }
  heap[at] = value
}

function pop(heap: number[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child + 1 < heap.length && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child += 1
    const below = heap[child]
    if (below === undefined || below >= last) break
    heap[at] = below
    at = child
  }
  heap[at] = last
}

/** Lets every microtask that is already queued run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
