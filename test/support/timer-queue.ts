/** Timers in the order in which they are due, of which there may be hundreds of thousands. */
interface Timer {
  readonly at: number
  /** Of two at the same moment, the one that was set first. */
  readonly order: number
  action: (() => void) | undefined
}

export class TimerQueue {
  #order = 0
  #size = 0
  /** A binary heap by time and order. */
  readonly #heap: Timer[] = []

  /** Those that are neither taken nor cancelled. */
  get size(): number {
    return this.#size
  }

  /** Returns what cancels it. */
  add(at: number, action: () => void): () => void {
    const timer: Timer = { at, order: this.#order++, action }
    this.#push(timer)
    this.#size += 1
    return () => {
      if (timer.action !== undefined) this.#size -= 1
      timer.action = undefined
    }
  }

  /** Takes the next one that is due until `end`, without those that were cancelled. */
  take(end: number): { readonly at: number; readonly action: () => void } | undefined {
    for (;;) {
      const first = this.#pop(end)
      if (first === undefined) return undefined
      const { at, action } = first
      if (action === undefined) continue
      first.action = undefined
      this.#size -= 1
      return { at, action }
    }
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

  #pop(end: number): Timer | undefined {
    const heap = this.#heap
    const [first] = heap
    if (first === undefined || first.at > end) return undefined
    const last = heap.pop()
    if (last !== undefined && heap.length > 0) {
      heap[0] = last
      this.#sink()
    }
    return first
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
