/** Stops or kills one node after the other, and starts it again. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../core/random.ts'
import type { SoakNode } from './node.ts'

/** From one to the next; each is away for up to half of it. */
const EVERY_MS = 30_000
const AWAY_MS = { least: 2000, most: 15_000 }

export interface ChurnReport {
  stopped: number
  killed: number
  /** Starts that failed. */
  readonly problems: string[]
}

/** Until `signal` aborts; all are up again then. */
export async function churn(
  nodes: readonly SoakNode[],
  random: Random,
  signal: AbortSignal
): Promise<ChurnReport> {
  const report: ChurnReport = { stopped: 0, killed: 0, problems: [] }
  for (let turn = 0; nodes.length > 0; turn += 1) {
    await sleep(EVERY_MS * (0.5 + random.next() / 2), signal)
    if (signal.aborted) break
    const node = nodes[turn % nodes.length]
    if (node === undefined) break
    const isKilled = random.next() < 0.5
    report[isKilled ? 'killed' : 'stopped'] += 1
    await node.stop(isKilled ? 'SIGKILL' : 'SIGTERM')
    await sleep(AWAY_MS.least + random.next() * (AWAY_MS.most - AWAY_MS.least), signal)
    try {
      await node.start()
    } catch (error) {
      report.problems.push(`${node.name} did not start again: ${String(error)}`)
    }
  }
  return report
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined)
}
