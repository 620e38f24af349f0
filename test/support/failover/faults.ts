/** Does one thing after the other to the workers of a swarm, and remembers when. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../../core/random.ts'
import { flood } from './load.ts'
import type { FailoverSwarm } from './swarm.ts'

export const FAULTS = ['kill', 'stop', 'slow-link', 'overload'] as const

export type FaultName = (typeof FAULTS)[number]

/** Moments are those of performance.now(). */
export interface Fault {
  readonly name: FaultName
  readonly worker: string
  readonly from: number
  /** When it was as good as before. */
  readonly to: number
}

/** From the beginning of a fault to its end, and from there to the next. */
const LASTS_MS = 3500
const CALM_MS = 1500
/** Each way. */
const SLOW_MS = 400

/** Of the process; `init` of who floods. Until `durationMs` have passed. */
export async function causeFaults(
  { swarm, random }: { readonly swarm: FailoverSwarm; readonly random: Random },
  durationMs: number
): Promise<readonly Fault[]> {
  const end = performance.now() + durationMs
  const faults: Fault[] = []
  while (performance.now() + CALM_MS + LASTS_MS < end) {
    await delay(CALM_MS)
    const name = FAULTS[faults.length % FAULTS.length] ?? 'kill'
    const worker = swarm.workers[Math.floor(random.next() * swarm.workers.length)] ?? ''
    const from = performance.now()
    await cause(swarm, name, worker)
    faults.push({ name, worker, from, to: performance.now() })
  }
  return faults
}

async function cause(swarm: FailoverSwarm, name: FaultName, worker: string): Promise<void> {
  switch (name) {
    case 'kill':
      await swarm.kill(worker)
      await delay(LASTS_MS - START_MS)
      return swarm.start(worker)
    case 'stop':
      swarm.signal(worker, 'SIGSTOP')
      await delay(LASTS_MS)
      return swarm.signal(worker, 'SIGCONT')
    case 'slow-link':
      swarm.delay(worker, SLOW_MS)
      await delay(LASTS_MS)
      return swarm.delay(worker, 0)
    case 'overload':
    default: {
      const [, caller] = swarm.callers
      if (caller !== undefined) await flood(caller, worker, AbortSignal.timeout(LASTS_MS))
    }
  }
}

/** What a worker takes to start, about. */
const START_MS = 1000
