/** How long a caller waits before it asks a worker again: until that is back, or a while that grows. */
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Random } from '../../core/random.ts'
import { retryDelay } from '../retry-delay.ts'
import { workerLost } from './delegation-failures.ts'
import type { Dispatcher, Placement } from './dispatcher.ts'
import type { MoveTimer } from './move-timer.ts'

export interface WorkerWaitComponents {
  readonly clock: Clock
  readonly random: Random
  readonly dispatcher: Pick<Dispatcher, 'isReachable' | 'whenReachable'>
  /** When another one is to be asked, which ends the waiting, too. */
  readonly moves: Pick<MoveTimer, 'dueInMs'>
}

export interface WorkerWait {
  /**
   * Resolves when it makes sense to ask `worker` for the `attempt`th time since there was progress,
   * counted from 0. Throws WORKER_LOST after LIMITS.resumeWindow, and what `signal` aborts with.
   */
  before(attempt: number, worker: Placement, signal: AbortSignal): Promise<void>
}

export function createWorkerWait({
  clock,
  random,
  dispatcher,
  moves
}: WorkerWaitComponents): WorkerWait {
  let stuckSince = 0

  return {
    async before(attempt, worker, signal) {
      const now = clock.monotonic()
      if (attempt === 0) stuckSince = now
      // A deadline ends the waiting by itself; without one, it has an end all the same.
      if (now - stuckSince > LIMITS.resumeWindow.value) throw workerLost(worker)
      const here = dispatcher.isReachable(worker)
      if (here && attempt === 0) return
      const waiting = new AbortController()
      const either = AbortSignal.any([signal, waiting.signal])
      const pauseMs = Math.min(retryDelay(random, attempt), moves.dueInMs())
      const pause = clock.sleep(pauseMs, either)
      // A worker that is here and yet makes no progress is no reason to hurry.
      await (here ? pause : Promise.race([pause, dispatcher.whenReachable(worker, either)]))
      waiting.abort()
      signal.throwIfAborted()
    }
  }
}
