/** A timeout that can be called off, where `clock.timeout` would leave its timer behind. */
import type { Clock } from '../../core/clock.ts'

export interface Deadline {
  /** Aborts with a `TimeoutError`. */
  readonly signal: AbortSignal
  cancel(): void
}

export function startDeadline(clock: Clock, ms: number): Deadline {
  const controller = new AbortController()
  const cancel = clock.after(ms, () =>
    controller.abort(new DOMException(`not done within ${ms} ms`, 'TimeoutError'))
  )
  return { signal: controller.signal, cancel }
}
