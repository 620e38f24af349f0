/** Looks for a worker for a while: a process that has just begun knows nobody yet. */
import type { Clock } from '../../core/clock.ts'
import { toLumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Random } from '../../core/random.ts'
import { retryDelay } from '../retry-delay.ts'
import { NOBODY_YET } from './delegation-failures.ts'
import type { OutboxRecord } from './outbox-store.ts'

export interface PatientSearchComponents {
  readonly clock: Clock
  readonly random: Random
}

export interface PatientSearchInit {
  readonly record: OutboxRecord
  /** Looks once. */
  readonly look: () => Promise<void>
  /** Whether somebody was found, whatever happened then. */
  readonly found: () => boolean
  readonly signal: AbortSignal
}

/** Resolves as `look` does; throws its error when it is of another kind, or comes too late. */
export async function searchPatiently(
  { clock, random }: PatientSearchComponents,
  { record, look, found, signal }: PatientSearchInit
): Promise<void> {
  const { askWindow, searchWindow } = LIMITS
  const window = record.parent === undefined ? searchWindow : askWindow
  const end = clock.monotonic() + window.value
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await look()
    } catch (error) {
      const { code } = toLumosError(error)
      if (found() || signal.aborted || !NOBODY_YET.has(code)) throw error
      if (clock.monotonic() > end) throw error
    }
    await clock.sleep(retryDelay(random, attempt), signal)
    signal.throwIfAborted()
  }
}
