/** Hands data to the process that transforms it, which is started at the first query. */
import type { Clock } from '../../../../core/clock.ts'
import type { Json } from '../../../../core/json.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { startConfinedProcess } from '../../../confined/confined-process.ts'
import { createConfinedWorker, JobFailed } from '../../../confined/confined-worker.ts'
import { inputFlaw } from '../../define-tool.ts'
import type { Transformation } from './transformation.ts'

export interface Transformer {
  /** @throws TOOL_INPUT for what is wrong or asks too much, OVERLOADED; the reason of `signal` */
  readonly transform: (work: Transformation, signal: AbortSignal) => Promise<Json>
  /** Resolves when no process is left. */
  stop(): Promise<void>
}

export function createTransformer({ clock }: { readonly clock: Clock }): Transformer {
  const worker = createConfinedWorker<Transformation, string>(
    {
      clock,
      start: () =>
        startConfinedProcess({
          script: new URL('./transform-child', import.meta.url),
          packages: ['@jmespath-community/jmespath', 'csv-parse', 'html-to-text'],
          heap: LIMITS.transformHeap.value
        })
    },
    {
      startMs: LIMITS.confinedStart.value,
      timeMs: LIMITS.transformTime.value,
      idleMs: LIMITS.confinedIdle.value,
      queue: LIMITS.confinedQueue.value
    }
  )
  return {
    async transform(work, signal) {
      const limit = LIMITS.transformInput.value
      const { length } = work.type === 'page' ? work.html : work.text
      if (length > limit) throw inputFlaw(`the data has ${length} characters, at most ${limit}`)
      try {
        return JSON.parse(await worker.perform(work, signal))
      } catch (error) {
        throw error instanceof JobFailed ? inputFlaw(error.message) : error
      }
    },
    stop: () => worker.stop()
  }
}
