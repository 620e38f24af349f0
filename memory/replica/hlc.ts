/** Time stamps that follow what a node has seen as well as its clock, so that a write wins over what it overwrites. */
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'

/** Milliseconds since the epoch (48 bits), and a counter (16 bits) that tells apart what shares one. */
export interface HybridTime {
  readonly ms: number
  readonly counter: number
}

export interface HybridClock {
  /** The greatest time given out or observed: to be kept with the records, and given back at start. */
  readonly mark: HybridTime
  /**
   * A time above all given out and observed, and above `after` in any case.
   *
   * A mark further ahead than the skew allowed, left by a clock that was once wrong, is passed
   * over: it would put every later write into the quarantine of all peers.
   */
  tick(after?: HybridTime): HybridTime
  /** Moves the mark forward to a time seen in a record of another node, unless it is in the future. */
  observe(time: HybridTime): void
  /**
   * Whether `time` is further ahead of this node's clock than clocks may differ. Such a record has
   * to wait, and must not be refused for ever: whether it is valid may not depend on when it came.
   */
  isFuture(time: HybridTime): boolean
}

export const COUNTER_MAX = 0xffff

const ZERO: HybridTime = { ms: 0, counter: 0 }

export function compareTimes(a: HybridTime, b: HybridTime): number {
  return a.ms - b.ms || a.counter - b.counter
}

export function createHybridClock(
  { clock }: { readonly clock: Pick<Clock, 'now'> },
  init: { readonly mark?: HybridTime } = {}
): HybridClock {
  let mark = init.mark ?? ZERO

  function isFuture({ ms }: HybridTime): boolean {
    return ms > clock.now() + LIMITS.memorySkew.value
  }

  return {
    get mark() {
      return mark
    },
    tick(after) {
      let time: HybridTime = { ms: clock.now(), counter: 0 }
      if (!isFuture(mark)) time = later(time, next(mark))
      if (after !== undefined) time = later(time, next(after))
      mark = time
      return time
    },
    observe(time) {
      if (!isFuture(time)) mark = later(mark, time)
    },
    isFuture
  }
}

function next({ ms, counter }: HybridTime): HybridTime {
  return counter < COUNTER_MAX ? { ms, counter: counter + 1 } : { ms: ms + 1, counter: 0 }
}

function later(a: HybridTime, b: HybridTime): HybridTime {
  return compareTimes(a, b) >= 0 ? a : b
}
