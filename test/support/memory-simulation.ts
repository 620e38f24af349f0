/** One run of the memory simulation: a storm of faults, then calm, then what must hold. */
import { hourOf } from '../../memory/replica/merge.ts'
import { judgeWorld } from './memory-judge.ts'
import type { Profile } from './memory-profiles.ts'
import { repairAll } from './memory-profiles.ts'
import type { Mutation } from './memory-world.ts'
import { HOUR_MS, MemoryWorld } from './memory-world.ts'

const STEPS = 60
/** Rounds in which everybody repairs with everybody, after the storm. */
const CALM_ROUNDS = 3

/** Sentences about what went wrong; empty when nothing did. */
export async function simulateMemory(
  seed: number,
  { profile, mutation = {} }: SimulationInit
): Promise<string[]> {
  const { nodes, steps, length = STEPS, liar = false, kind = 'shared', quota } = profile
  const world = new MemoryWorld({ seed, nodes, liar, kind, quota, mutation })
  for (const node of world.nodes) await world.start(node)
  const total = steps.reduce((sum, [weight]) => sum + weight, 0)
  for (let count = 0; count < length; count += 1) {
    let dice = world.random.next() * total
    const [, step] = steps.find(([weight]) => (dice -= weight) < 0) ?? steps[0] ?? []
    await step?.(world)
  }
  await calm(world)
  return judgeWorld(world, profile)
}

export interface SimulationInit {
  readonly profile: Profile
  readonly mutation?: Mutation
}

async function calm(world: MemoryWorld): Promise<void> {
  world.network.length = 0
  for (const node of world.nodes) {
    node.skew = 0
    node.isolated = false
    node.faults.length = 0
    // As a node does by itself when there is room again.
    await node.disk.recover()
    await world.start(node)
  }
  // All that was ahead of its time is due, and the hour is half over everywhere.
  world.now = (hourOf(world.now + 200_000) + 1.5) * HOUR_MS
  for (let round = 0; round < CALM_ROUNDS; round += 1) await repairAll(world)
}
