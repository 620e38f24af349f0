/** Runs seeds of the memory simulation on all processors, each in a thread of its own. */
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

export interface Seeds {
  readonly first: number
  readonly count: number
}

/** The first seed of a thread in which something goes wrong, and what; undefined when none does. */
export async function anyMemoryFailure({ first, count }: Seeds): Promise<string | undefined> {
  const threads = availableParallelism()
  const size = Math.ceil(count / threads)
  const failures = await Promise.all(
    Array.from({ length: threads }, (_, index) => {
      const begin = first + index * size
      return runShare({ first: begin, count: Math.min(size, first + count - begin) })
    })
  )
  return failures.find((failure) => failure !== undefined)
}

async function runShare(workerData: Seeds): Promise<string | undefined> {
  const worker = new Worker(new URL('memory-parallel-thread.ts', import.meta.url), { workerData })
  const [failure] = (await once(worker, 'message')) as [string | undefined]
  await worker.terminate()
  return failure
}
