/** Runs seeds of the task simulation on all processors, each in a thread of its own. */
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Seeds } from './run.ts'
import type { StormName } from './storms.ts'

/** What a thread is asked; it answers with a failure or nothing, as `firstFailure` does. */
export interface Share {
  readonly name: StormName
  readonly seeds: Seeds
}

/** The story of a seed in which something goes wrong; undefined when nothing does in any. */
export async function anyFailure(
  name: StormName,
  { first, count }: Seeds
): Promise<string | undefined> {
  const threads = availableParallelism()
  const size = Math.ceil(count / threads)
  const failures = await Promise.all(
    Array.from({ length: threads }, (_, index) => {
      const begin = first + index * size
      return runShare({
        name,
        seeds: { first: begin, count: Math.min(size, first + count - begin) }
      })
    })
  )
  return failures.find((failure) => failure !== undefined)
}

async function runShare(workerData: Share): Promise<string | undefined> {
  const worker = new Worker(new URL('parallel-thread.ts', import.meta.url), { workerData })
  const [failure] = (await once(worker, 'message')) as [string | undefined]
  await worker.terminate()
  return failure
}
