/** Calculates in a process of its own: any member of a swarm may send expressions that never end. */
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import { startConfinedProcess } from '../confined/confined-process.ts'
import { createConfinedWorker } from '../confined/confined-worker.ts'

export interface Calculator {
  /**
   * Rejects with JobFailed when the expression is wrong or asks too much, OVERLOADED when too many
   * wait, or the reason of `signal`.
   */
  readonly evaluate: (expression: string, signal: AbortSignal) => Promise<string>
  /** Resolves when no process is left. */
  stop(): Promise<void>
}

export function createCalculator({ clock }: { readonly clock: Clock }): Calculator {
  const worker = createConfinedWorker<string, string>(
    {
      clock,
      start: () =>
        startConfinedProcess({
          script: new URL('./calculator-child', import.meta.url),
          packages: ['mathjs'],
          heap: LIMITS.calcHeap.value
        })
    },
    {
      startMs: LIMITS.confinedStart.value,
      timeMs: LIMITS.calcTime.value,
      idleMs: LIMITS.confinedIdle.value,
      queue: LIMITS.confinedQueue.value
    }
  )
  return {
    evaluate: (expression, signal) => worker.perform(expression, signal),
    stop: () => worker.stop()
  }
}
