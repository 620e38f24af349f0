/**
 * How many dials a node makes at a time: fewer while they end later than their deadlines allow, as they do where
 * the machine has more to do than it can.
 */
import { LIMITS } from '../core/limits.ts'

/** A timer that fires so much too late tells of an event loop that is behind. */
const LATE_MS = 300

export interface DialWidth {
  /** Dials at a time, 1 at least. */
  readonly now: number
  succeeded(): void
  failed(dial: { readonly tookMs: number; readonly addresses: number }): void
}

/**
 * Halves for each dial that failed late, and grows by one for each that succeeded. Fifty nodes that started at
 * once on one busy machine made four dials each; all of them met their deadline half done, and so did those
 * that came after: 1,096 failed while 66 succeeded (measured). Peers that are merely dead fail in time.
 */
export function createDialWidth(most: number): DialWidth {
  let width = most
  return {
    get now() {
      return width
    },
    succeeded() {
      width = Math.min(most, width + 1)
    },
    failed({ tookMs, addresses }) {
      const deadlineMs = Math.min(
        LIMITS.dialDeadline.value,
        Math.max(1, addresses) * LIMITS.addressDialDeadline.value
      )
      if (tookMs > deadlineMs + LATE_MS) width = Math.max(1, Math.floor(width / 2))
    }
  }
}
