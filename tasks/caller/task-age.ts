/** How old a task is that this node asked for, and how long it may yet last: by the wall clock across processes, by the steady one within. */
import type { Clock } from '../../core/clock.ts'
import type { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { timedOut } from './delegation-failures.ts'
import type { OutboxRecord } from './outbox-store.ts'

export interface TaskAge {
  /** Milliseconds since the task was asked for. */
  elapsedMs(): number
  /** Until its deadline; `Infinity` without one. */
  remainingMs(): number
  /** Tells of the deadline, or that no task lasts so long, unless what it returns is called before. */
  arm(onLate: (error: LumosError) => void): () => void
}

/**
 * Of a task without a deadline: its worker has ended it by then, and come back if it was away. One that keeps
 * its session and says nothing more would be listened to for ever.
 */
export const LONGEST_MS = LIMITS.taskDuration.value + LIMITS.resumeWindow.value

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
      const hasDeadline = Number.isFinite(timeoutMs)
      const mostMs = hasDeadline ? timeoutMs : LONGEST_MS
      // Its worker is asked first, once more, what became of it while this node was away.
      const leastMs = hasDeadline ? 0 : LIMITS.searchWindow.value
      const dueAt = clock.monotonic() + Math.max(leastMs, mostMs - elapsedMs())
      const leftMs = (): number => Math.max(0, dueAt - clock.monotonic())
      // In steps: a timer of more than 24 days ends at once.
      const wait = (): (() => void) =>
        clock.after(Math.min(leftMs(), LONGEST_MS), () => {
          if (leftMs() > 0) disarm = wait()
          else onLate(timedOut(mostMs))
        })
      let disarm = wait()
      return () => disarm()
    }
  }
}
