/**
 * How many dials a node makes at a time: fewer while they end later than their deadlines allow, as they do where
 * the machine has more to do than it can.
 */
import { LIMITS } from '../../core/limits.ts'

/** A timer that fires so much too late tells of an event loop that is behind. */
const LATE_MS = 300
/** A round trip to the other side of the world takes 0.3 s, and a dial some ten of half the way. */
const SLOW_MS = 2000
const QUICK_MS = 1000
/** Until it is known how long dials take here. */
const FIRST_WIDTH = 2

export interface DialWidth {
  /** Dials at a time, 1 at least. */
  readonly now: number
  succeeded(dial: { readonly tookMs: number }): void
  failed(dial: { readonly tookMs: number; readonly addresses: number }): void
}

/**
 * Halves for each dial that failed late or succeeded slowly, and grows by one for each that succeeded quickly, or
 * failed in time, as those to dead peers do. Fifty nodes that started at once on one busy machine made four
 * dials each; all of them met their deadline half done, and so did those that came after: 1,096 failed while
 * 66 succeeded (measured).
 */
export function createDialWidth(most: number): DialWidth {
  let width = Math.min(FIRST_WIDTH, most)
  const grow = (): void => void (width = Math.min(most, width + 1))
  const halve = (): void => void (width = Math.max(1, Math.floor(width / 2)))
  return {
    get now() {
      return width
    },
    succeeded({ tookMs }) {
      if (tookMs > SLOW_MS) halve()
      else if (tookMs < QUICK_MS) grow()
    },
    failed({ tookMs, addresses }) {
      // Where nobody answers, this is how long it takes to find out.
      const deadMs = Math.max(1, addresses) * LIMITS.connectDeadline.value
      if (tookMs > deadMs + LATE_MS) halve()
      else grow()
    }
  }
}
