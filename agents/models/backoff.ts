/** How long to wait before a request to a model is made again, and when not to. */
import { fullJitter } from '../../core/backoff.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Random } from '../../core/random.ts'
import type { ModelFailure } from './failure.ts'

/**
 * Milliseconds; at least what the server asks for. `undefined`: give up.
 *
 * @param tries how often it was tried
 */
export function waitBeforeRetry(
  { again, retryAfterMs }: ModelFailure,
  tries: number,
  random: Random
): number | undefined {
  if (!again || tries >= LIMITS.modelTries.value) return undefined
  const bounds = { first: LIMITS.modelBackoffFirst.value, most: LIMITS.modelBackoffMost.value }
  if (retryAfterMs !== undefined) {
    const most = LIMITS.modelRetryAfter.value
    return retryAfterMs > most ? undefined : retryAfterMs + fullJitter(random, 0, bounds)
  }
  return fullJitter(random, tries - 1, bounds)
}
