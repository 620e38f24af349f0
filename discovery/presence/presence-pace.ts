/** How often a node speaks, so that presence costs the same in a swarm of any size. */
import type { Clock } from '../../core/clock.ts'
import type { Random } from '../../core/random.ts'

/** A small swarm speaks as often as this. */
export const BASE_INTERVAL_MS = 4000
/** Statements of all nodes together in a second: ten nodes at the base interval. */
export const PRESENCE_BUDGET = 2.5
/** A node counts as gone after so many of its own intervals without a word. */
const LIFETIME_INTERVALS = 4
/** A newcomer may be one of many, and does not know yet how long its intervals will be. */
const NEWCOMER_MS = 30_000
const NEWCOMER_INTERVAL_MS = 10_000
/** Nothing needs longer: 9,000 nodes keep the budget with this. */
const MAX_INTERVAL_MS = 60 * 60 * 1000
/** Many that all have news speak within this time, or within a twentieth of an interval: for once, twenty times the budget. */
const LEAST_ROUND_MS = 10_000
const BURST = 20
/** News that come together go out together; the next wait this long. */
const NEWS_GAP_MS = 800
/** Statements in an interval, news and all: a burst is told at once, a stream of news is not. */
const MOST_IN_INTERVAL = 6
/** Word of a third party counts at least this long since the peer itself was heard. */
const LEAST_HEARSAY_MS = 20_000
/** Of intervals: by then the peer itself has spoken again. */
const HEARSAY_INTERVALS = 1.5
/** Nobody heard for this long although there are peers: gossip does not work. */
const DEAF_AFTER_MS = 20_000

/** Milliseconds between two regular statements of a node that knows of `nodes`. */
export function intervalFor(nodes: number): number {
  return Math.min(MAX_INTERVAL_MS, Math.max(BASE_INTERVAL_MS, (nodes / PRESENCE_BUDGET) * 1000))
}

/** Within how many milliseconds all of so many nodes speak once, each at a random moment. */
export function roundFor(nodes: number): number {
  const withinBudget = (nodes / PRESENCE_BUDGET) * 1000
  return Math.min(withinBudget, Math.max(LEAST_ROUND_MS, withinBudget / BURST))
}

/** How long word of a third party counts since it heard the peer itself. */
export function hearsayFor(nodes: number): number {
  return Math.max(LEAST_HEARSAY_MS, HEARSAY_INTERVALS * intervalFor(nodes))
}

export interface PaceComponents {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly random: Random
  /** Nodes that are known to live, this one included. */
  readonly nodes: () => number
}

export interface Pace {
  /** Milliseconds until the next regular statement is due, with jitter, as known now. */
  untilNext(): number
  /** The present interval in milliseconds, without jitter. */
  interval(): number
  /** How long a statement that is made now counts, in milliseconds. */
  lifetime(): number
  /** Milliseconds until a statement about a change may go out, at least `wanted`. */
  notBefore(wanted: number, urgency?: 'urgent'): number
  /** A statement of this node went out, to somebody. */
  told(toAnybody?: boolean): void
  /** A statement of another node came by gossip. */
  heard(): void
  isDeaf(): boolean
}

export function createPace({ clock, random, nodes }: PaceComponents): Pace {
  /** When this node spoke lately, the latest last. */
  const tellings: number[] = []
  let heardAt = clock.monotonic()
  /** Of the interval: downwards only, so that a lifetime of four intervals holds four statements. */
  let share = 1
  let latestNext = Infinity
  const interval = (): number => intervalFor(nodes())
  const cameAt = clock.monotonic()
  function lifetime(): number {
    const isNew = clock.monotonic() - cameAt < NEWCOMER_MS
    return LIFETIME_INTERVALS * Math.max(interval(), isNew ? NEWCOMER_INTERVAL_MS : 0)
  }

  return {
    untilNext() {
      const since = tellings.at(-1) ?? -Infinity
      return Math.min(since + interval() * share, latestNext) - clock.monotonic()
    },
    interval,
    lifetime,
    notBefore(wanted, urgency) {
      const now = clock.monotonic()
      const gap = (tellings.at(-1) ?? -Infinity) + NEWS_GAP_MS - now
      const isFree = urgency === 'urgent' || tellings.length < MOST_IN_INTERVAL
      const room = isFree ? 0 : (tellings[0] ?? now) + interval() - now
      return Math.max(wanted, gap, room)
    },
    told(toAnybody = true) {
      const now = clock.monotonic()
      share = 0.8 + random.next() * 0.2
      // Whoever heard it counts on another within its lifetime, however large the swarm is found to be since.
      latestNext = toAnybody ? now + lifetime() / 2 : Infinity
      tellings.push(now)
      if (tellings.length > MOST_IN_INTERVAL) tellings.shift()
    },
    heard() {
      heardAt = clock.monotonic()
    },
    isDeaf: () => clock.monotonic() - heardAt >= DEAF_AFTER_MS
  }
}
