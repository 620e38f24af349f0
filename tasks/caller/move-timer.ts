/** When to ask another worker in place of one that is away: after a moment, and less often while none takes it. */
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'

export interface MoveTimer {
  /** Whether it is time. The first question after the worker was there begins the waiting; each yes doubles it. */
  isDue(isThere: boolean): boolean
  /** It has been waited for already: the next question is answered with yes if the worker is not there. */
  hurry(): void
  /** Milliseconds until it is time; `Infinity` while nothing is waited for. */
  dueInMs(): number
}

export function createMoveTimer(clock: Pick<Clock, 'monotonic'>): MoveTimer {
  let due: number | undefined
  let waitMs = LIMITS.failoverGrace.value

  return {
    isDue(isThere) {
      const now = clock.monotonic()
      if (isThere) {
        due = undefined
        waitMs = LIMITS.failoverGrace.value
        return false
      }
      due ??= now + waitMs
      if (now < due) return false
      waitMs = Math.min(LIMITS.failoverGraceMost.value, 2 * waitMs)
      due = now + waitMs
      return true
    },
    hurry() {
      due ??= clock.monotonic()
    },
    dueInMs: () => (due === undefined ? Infinity : Math.max(0, due - clock.monotonic()))
  }
}
