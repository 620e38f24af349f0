/** How long to wait before a request to a model is made again, and when not to. */
import { LIMITS } from '../../core/limits.ts'
import type { Random } from '../../core/random.ts'
import type { ModelFailure } from './failure.ts'

/**
 * Milliseconds, spread evenly so that many who failed together do not come back together ("full
 * jitter"); at least what the server asks for. `undefined`: give up.
 *
 * @param tries how often it was tried
 */
export function waitBeforeRetry(
  { again, retryAfterMs }: ModelFailure,
  tries: number,
  random: Random
): number | undefined {
  if (!again || tries >= LIMITS.modelTries.value) return undefined
  const first = LIMITS.modelBackoffFirst.value
  if (retryAfterMs !== undefined) {
    const most = LIMITS.modelRetryAfter.value
    return retryAfterMs > most ? undefined : retryAfterMs + random.next() * first
  }
  return random.next() * Math.min(LIMITS.modelBackoffMost.value, first * 2 ** (tries - 1))
}
