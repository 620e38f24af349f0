/** One run: a swarm goes through its phases, and nothing of it is left afterwards. */
import { mkdtempSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '../../test/support/random.ts'
import { bootstrapPhase } from './bootstrap-phase.ts'
import { churnPhase } from './churn-phase.ts'
import { Fleet } from './fleet.ts'
import { killPhase, stopPhase } from './kill-phase.ts'
import { partitionPhase } from './partition-phase.ts'
import type { Facts } from './report.ts'
import { Book, playPhases } from './stage.ts'
import type { Durations, Stage } from './stage.ts'
import { startPhase } from './start-phase.ts'
import { steadyPhase } from './steady-phase.ts'

/** In the order in which they run; all but the first need the first. */
export const PHASES: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  start: startPhase,
  steady: steadyPhase,
  bootstrap: bootstrapPhase,
  stop: stopPhase,
  kill: killPhase,
  partition: partitionPhase,
  churn: churnPhase
}

/** What a shell reports for Ctrl-C. */
const INTERRUPTED = 130

export interface SwarmInit {
  readonly nodes: number
  /** Processes, the bootstrap node's apart. */
  readonly hosts: number
  readonly seed: number
  /** Names of {@link PHASES}. */
  readonly phases: readonly string[]
  readonly durations: Durations
  readonly say: (line: string) => void
}

export interface SwarmResult {
  readonly facts: Facts
  readonly book: Book
}

export async function runSwarm(init: SwarmInit): Promise<SwarmResult> {
  const { nodes, hosts, seed, phases, durations } = init
  const [load = NaN] = loadavg()
  const folder = mkdtempSync(join(tmpdir(), 'lumos-swarm-'))
  const fleet = new Fleet({ nodes, hosts, folder })
  const book = new Book()
  const began = performance.now()
  const say = (line: string): void =>
    init.say(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}`)
  const stage = { fleet, random: seededRandom(seed), durations, book, say }
  let left: Promise<never> | undefined
  const leave = (): void => {
    left ??= fleet.close().then(() => process.exit(INTERRUPTED))
  }
  process.once('SIGINT', leave).once('SIGTERM', leave)
  try {
    await playPhases(PHASES, { wanted: phases, begins: (name) => say(`${name} …`) }, stage)
  } catch (error) {
    // What runs fails because everything was killed.
    await left
    throw error
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave)
    await fleet.close()
  }
  return { facts: { nodes, processes: hosts + 1, seed, load }, book }
}
