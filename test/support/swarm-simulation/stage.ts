/** What all phases of the simulation share. */
import type { Book } from '../../../bench/swarm/stage.ts'
import type { World } from './world.ts'

export interface Durations {
  readonly restMs: number
  readonly churnMs: number
  readonly partitionMs: number
}

export interface SimulationStage {
  readonly world: World
  readonly book: Book
  readonly durations: Durations
  readonly say: (line: string) => void
}

/** What `npm run swarm` promises of a hundred real nodes on one machine, and what a wide area may take. */
export function startLimitMs({ world }: SimulationStage): number {
  return world.init.conditions.name === 'loopback' && world.hosts.length <= 101 ? 10_000 : 30_000
}
