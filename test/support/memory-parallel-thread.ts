/** One thread of memory-parallel.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Seeds } from './memory-parallel.ts'
import { profileOfSeed } from './memory-profiles.ts'
import { simulateMemory } from './memory-simulation.ts'

async function firstFailure({ first, count }: Seeds): Promise<string | undefined> {
  for (let seed = first; seed < first + count; seed += 1) {
    const profile = profileOfSeed(seed)
    const problems = await simulateMemory(seed, { profile }).catch((error: unknown) => [
      String(error)
    ])
    if (problems.length > 0) return `SEED=${seed} ${profile.name}: ${problems.join('; ')}`
  }
  return undefined
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(await firstFailure(workerData as Seeds))
