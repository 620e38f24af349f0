/** How long a worker asks to be left in peace. */
import type { LumosError } from '../core/errors.ts'

/** Whatever it says: by then things have changed, and others may have come. Workers of ours ask for no more (tasks/worker/admission.ts). */
const MOST_MS = 30_000

/** Milliseconds; `undefined` when it asks for none. */
export function pushbackOf({
  details: { retryAfterMs }
}: Pick<LumosError, 'details'>): number | undefined {
  return typeof retryAfterMs === 'number' ? Math.min(MOST_MS, Math.max(0, retryAfterMs)) : undefined
}
