/** The failover test as a whole: a swarm of eight processes, a mixed load, and one fault after the other. */
import { readFile } from 'node:fs/promises'
import type { Random } from '../../../core/random.ts'
import { causeFaults } from './faults.ts'
import { askForTasks } from './load.ts'
import { judge } from './report.ts'
import type { FailoverReport } from './report.ts'
import { startFailoverSwarm } from './swarm.ts'

export interface FailoverInit {
  /** Empty, with a short path. */
  readonly folder: string
  readonly durationMs: number
  readonly random: Random
}

/** By then the workers have done each kind of task, so that how long they take is known. */
const WARM_UP_MS = 3000

export async function runFailover(init: FailoverInit): Promise<FailoverReport> {
  const { folder, durationMs, random } = init
  const swarm = await startFailoverSwarm(folder)
  try {
    const { callers } = swarm
    await askForTasks({ callers, random }, WARM_UP_MS)
    const [tasks, faults] = await Promise.all([
      askForTasks({ callers, random }, durationMs),
      causeFaults({ swarm, random }, durationMs)
    ])
    const effects = (await readFile(swarm.effects, 'utf8')).split('\n').filter(Boolean)
    return judge({ tasks, faults, effects })
  } finally {
    await swarm.stop()
  }
}
