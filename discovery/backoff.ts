/** How long to wait before a peer is tried again: exponential with full jitter, so that no crowd returns at once. */
import type { Random } from '../core/random.ts'

const FIRST_RETRY_MS = 1000
const MAX_RETRY_MS = 60_000
/** Full jitter may draw nothing; a refused port would then be tried in a busy loop. */
const LEAST_RETRY_MS = 100

/** Milliseconds before the next try after `failures` in a row (1 or more). */
export function retryDelay(failures: number, random: Random): number {
  const ceiling = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1))
  return Math.max(LEAST_RETRY_MS, random.next() * ceiling)
}

/** Milliseconds before a peer that refused us is asked again: rarely, yet somebody may mend it. */
export function refusedDelay(random: Random): number {
  return MAX_RETRY_MS * (0.5 + random.next() / 2)
}
