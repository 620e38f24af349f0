/** How often a node speaks, so that a large swarm is not drowned by everybody's "I am alive". */
import type { Clock } from '../core/clock.ts'
import type { Random } from '../core/random.ts'

/** Four of these without a word and a node counts as gone: a killed one goes within 20 s. */
export const BASE_INTERVAL_MS = 4000
/** Statements a node should hear each second, in a swarm of any size: 200 nodes at the base pace. */
export const PRESENCE_BUDGET = 50
/** With 100,000 nodes the budget gives 33 minutes; nothing needs longer. */
const MAX_INTERVAL_MS = 60 * 60 * 1000
/** Statements about changes keep this part of the interval between each other. */
const CHANGE_SHARE = 0.2
/** Nobody heard for this long although there are peers: gossip does not work. */
const DEAF_AFTER_MS = 20_000

export interface Pace {
  /** Milliseconds to wait for the next regular statement, with jitter. */
  next(): number
  /** The present interval in milliseconds, without jitter. */
  interval(): number
  /** Milliseconds until a statement about a change may go out, at least `wanted`. */
  notBefore(wanted: number): number
  /** A statement of this node went out. */
  told(): void
  /** A statement of another node came by gossip. */
  heard(): void
  isDeaf(): boolean
}

/**
 * Every node stretches its interval while it hears more than the budget and shrinks it while it
 * hears less. All hear the same, so all settle at the same pace, without anybody counting nodes.
 */
export function createPace({ clock, random }: { clock: Clock; random: Random }): Pace {
  let interval = BASE_INTERVAL_MS
  let count = 0
  let countedFrom = clock.monotonic()
  let toldAt = -Infinity
  let heardAt = clock.monotonic()

  function adapt(): void {
    const seconds = (clock.monotonic() - countedFrom) / 1000
    // Shorter counts say too little: nodes that start together would halve and double for ever.
    if (seconds * 1000 < interval / 2) return
    const factor = Math.min(2, Math.max(0.5, count / seconds / PRESENCE_BUDGET))
    interval = Math.min(MAX_INTERVAL_MS, Math.max(BASE_INTERVAL_MS, interval * factor))
    count = 0
    countedFrom = clock.monotonic()
  }

  return {
    next() {
      adapt()
      // Downwards only, so that a lifetime of four intervals holds four statements.
      return interval * (0.8 + random.next() * 0.2)
    },
    interval: () => interval,
    notBefore: (wanted) => Math.max(wanted, toldAt + interval * CHANGE_SHARE - clock.monotonic()),
    told() {
      toldAt = clock.monotonic()
    },
    heard() {
      count += 1
      heardAt = clock.monotonic()
    },
    isDeaf: () => clock.monotonic() - heardAt >= DEAF_AFTER_MS
  }
}
