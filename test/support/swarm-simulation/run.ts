/** One simulated run: a swarm goes through its phases, and what it was promised is kept or not. */
import { Book, playPhases } from '../../../bench/swarm/stage.ts'
import { churnPhase } from './churn-phase.ts'
import { bootstrapPhase, killPhase, partitionPhase, startPhase } from './phases.ts'
import type { Durations, SimulationStage } from './stage.ts'
import { steadyPhase } from './steady-phase.ts'
import { World } from './world.ts'
import type { WorldInit } from './world.ts'

/** In the order in which they run; all but the first need the first. */
export const PHASES: Readonly<Record<string, (stage: SimulationStage) => Promise<void>>> = {
  start: startPhase,
  steady: steadyPhase,
  bootstrap: bootstrapPhase,
  kill: killPhase,
  churn: churnPhase,
  partition: partitionPhase
}

export interface SimulationInit extends WorldInit {
  /** Names of {@link PHASES}; all by default. */
  readonly phases?: readonly string[]
  readonly durations?: Partial<Durations>
  readonly say?: (line: string) => void
}

export interface SimulationResult {
  readonly book: Book
  /** Equal for equal seeds. */
  readonly trace: number
  readonly simulatedMs: number
}

const DURATIONS: Durations = { restMs: 20_000, churnMs: 60_000, partitionMs: 60_000 }

export async function runSimulation(init: SimulationInit): Promise<SimulationResult> {
  const { phases = Object.keys(PHASES), say = () => undefined } = init
  const world = await World.create(init)
  const book = new Book()
  const stage = { world, book, durations: { ...DURATIONS, ...init.durations }, say }
  const begins = (name: string): void =>
    say(`${name}, at ${(world.time.monotonic() / 1000).toFixed(1)} s`)
  await playPhases(PHASES, { wanted: phases, begins }, stage)
  return { book, trace: world.network.trace, simulatedMs: world.time.monotonic() }
}
