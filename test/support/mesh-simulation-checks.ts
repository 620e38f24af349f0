/** What every simulated swarm must survive, for few nodes in the fast suite and many in the long one. */
import { expect, test } from 'vitest'
import { TARGET_PEERS } from '../../discovery/peers/topology.ts'
import { startStar } from './mesh-simulation.ts'
import type { MeshSimulation, SimulatedNode } from './mesh-simulation.ts'

/** A node asks to be let go above this, and is let go soon. */
const MOST_PEERS = 1.5 * TARGET_PEERS
/** The promise for sixty nodes on two cores; a simulation has no cores to wait for. */
const MESH_MS = 2000
const MEND_MS = 20_000
const SETTLE_MS = 30_000
const LOST_SHARE = 0.2

function isMesh(sim: MeshSimulation): boolean {
  return (sim.degrees()[0] ?? 0) >= TARGET_PEERS && sim.isConnected()
}

async function startMesh(seed: number, size: number): Promise<MeshSimulation> {
  const sim = await startStar(seed, size)
  expect(await sim.until(() => isMesh(sim), MESH_MS)).toBeLessThan(MESH_MS)
  await sim.clock.advance(SETTLE_MS)
  return sim
}

async function stop(sim: MeshSimulation): Promise<void> {
  await sim.stop()
  expect(sim.clock.pending).toBe(0)
}

export function checkMesh(seed: number, size: number): void {
  const title = `${size} nodes, seed ${seed}:`

  test(`${title} a star becomes a mesh, and its hub is relieved`, async () => {
    const sim = await startMesh(seed, size)
    expect(sim.degrees().at(-1)).toBeLessThanOrEqual(MOST_PEERS)
    const { dials } = sim
    expect(dials).toBeLessThan(size * TARGET_PEERS)
    await sim.clock.advance(10 * 60_000)
    // It rests: ten minutes cost next to nothing once everybody has what he wants.
    expect(sim.dials - dials).toBeLessThan(size / 2)
    expect(isMesh(sim)).toBe(true)
    await stop(sim)
  })

  test(`${title} it mends when the hub and a fifth of the nodes vanish`, async () => {
    const sim = await startMesh(seed, size)
    const victims = sim.nodes.filter((_, index) => index === 0 || sim.random.next() < LOST_SHARE)
    await Promise.all(victims.map((victim) => sim.kill(victim)))
    expect(await sim.until(() => isMesh(sim), MEND_MS)).toBeLessThan(MEND_MS)
    await sim.clock.advance(SETTLE_MS)
    expect(sim.degrees().at(-1)).toBeLessThanOrEqual(MOST_PEERS)
    await stop(sim)
  })

  test(`${title} a cut swarm lives on in both parts, and is one again when it heals`, async () => {
    const sim = await startMesh(seed, size)
    const sides = [0, 1].map((side) => sim.nodes.filter((_, index) => index % 2 === side))
    sim.cut((_, index) => index % 2)
    const isWhole = (side: readonly SimulatedNode[]): boolean =>
      sim.isConnected(side) && (sim.degrees(side)[0] ?? 0) >= TARGET_PEERS / 2
    expect(await sim.until(() => sides.every(isWhole), MEND_MS)).toBeLessThan(MEND_MS)
    await sim.clock.advance(5 * 60_000)
    sim.heal()
    // The longest backoff is a minute, and one of many is due sooner.
    expect(await sim.until(() => isMesh(sim), 60_000)).toBeLessThan(60_000)
    await sim.clock.advance(SETTLE_MS)
    expect(sim.degrees().at(-1)).toBeLessThanOrEqual(MOST_PEERS + 1)
    await stop(sim)
  })
}
