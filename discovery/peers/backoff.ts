/** How long to wait before a peer is tried again. */
import { fullJitter, halfJitter } from '../../core/backoff.ts'
import type { LumosError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'

const RETRY = { first: 1000, most: 60_000 }
/** One that refused us. */
const REFUSED = { first: RETRY.most, most: RETRY.most }
/** Full jitter may draw nothing; a refused port would then be tried in a busy loop. */
const LEAST_RETRY_MS = 100

/** Milliseconds before the next try after `failures` in a row (1 or more). */
export function retryDelay(failures: number, random: Random): number {
  return Math.max(LEAST_RETRY_MS, fullJitter(random, failures - 1, RETRY))
}

/** Milliseconds before a peer that refused us is asked again: rarely, yet somebody may mend it. */
export function refusedDelay(random: Random): number {
  return halfJitter(random, 0, REFUSED)
}

/** Milliseconds before the next try after `failures` in a row, of which the last was `error`. */
export function delayAfter(error: LumosError, failures: number, random: Random): number {
  // Who hung up unheard may have been too busy: for people it is another swarm all the same.
  const mayPass = error.retry || error.details?.['certain'] === false
  return mayPass ? retryDelay(failures, random) : refusedDelay(random)
}
