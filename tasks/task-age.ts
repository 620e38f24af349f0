/** How old a task is that this node asked for, and how long it may yet last: by the wall clock across processes, by the steady one within. */
import type { Clock } from '../core/clock.ts'
import type { LumosError } from '../core/errors.ts'
import { timedOut } from './delegation-failures.ts'
import type { OutboxRecord } from './outbox-store.ts'

export interface TaskAge {
  /** Milliseconds since the task was asked for. */
  elapsedMs(): number
  /** Until its deadline; `Infinity` without one. */
  remainingMs(): number
  /** Tells of the deadline, unless what it returns is called before. */
  arm(onLate: (error: LumosError) => void): () => void
}

export function createTaskAge(
  clock: Clock,
  { createdAt, deadlineAt = Infinity }: Pick<OutboxRecord, 'createdAt' | 'deadlineAt'>
): TaskAge {
  // What passed while no process was there counts, too; from now on the clock may be set.
  const began = clock.monotonic() - Math.max(0, clock.now() - createdAt)
  const timeoutMs = deadlineAt - createdAt
  const elapsedMs = (): number => Math.round(clock.monotonic() - began)
  const remainingMs = (): number => timeoutMs - elapsedMs()

  return {
    elapsedMs,
    remainingMs,
    arm(onLate) {
      if (!Number.isFinite(timeoutMs)) return () => {}
      return clock.after(Math.max(0, remainingMs()), () => onLate(timedOut(timeoutMs)))
    }
  }
}
