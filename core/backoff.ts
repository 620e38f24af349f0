/** How long to wait before trying again: a bound that doubles, with jitter, so that no crowd returns at once. */
import type { Random } from './random.ts'

export interface BackoffBounds {
  /** Milliseconds that the first wait takes at most; it doubles. */
  readonly first: number
  /** Milliseconds that any wait takes at most. */
  readonly most: number
}

/** Beyond this many doublings every bound that we have is reached. */
const DOUBLINGS = 32

/**
 * Milliseconds before retry number `attempt`, from 0: anything up to the bound ("full jitter": Brooker,
 * "Exponential backoff and jitter", 2015). For many callers of one server.
 */
export function fullJitter(random: Random, attempt: number, bounds: BackoffBounds): number {
  return random.next() * boundOf(attempt, bounds)
}

/** Milliseconds before retry number `attempt`, from 0: between half of the bound and all of it. For what is costly to begin. */
export function halfJitter(random: Random, attempt: number, bounds: BackoffBounds): number {
  return boundOf(attempt, bounds) * (0.5 + random.next() / 2)
}

function boundOf(attempt: number, { first, most }: BackoffBounds): number {
  return Math.min(most, first * 2 ** Math.min(attempt, DOUBLINGS))
}
