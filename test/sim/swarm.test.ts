/** A whole swarm in simulated time: discovery, routing and memory together, from seeds. */
import { expect, test } from 'vitest'
import type { PubSub } from '../../core/pubsub.ts'
import { WIDE_AREA } from '../support/swarm-simulation/conditions.ts'
import { runSimulation } from '../support/swarm-simulation/run.ts'
import type { SimulationInit } from '../support/swarm-simulation/run.ts'

const NODES = 20

async function simulate(seed: number, init: Partial<SimulationInit> = {}) {
  const { book, trace } = await runSimulation({
    seed,
    nodes: NODES,
    conditions: WIDE_AREA,
    phases: ['start', 'kill'],
    ...init
  })
  return { trace, promises: book.promises.length, broken: book.broken().map(({ what }) => what) }
}

test.for([1, 2])('what is promised of a swarm is kept (seed %i)', async (seed) => {
  const { broken, promises } = await simulate(seed)
  expect(broken).toEqual([])
  expect(promises).toBeGreaterThanOrEqual(8)
})

test('a seed can be replayed: the same happens in the same order', async () => {
  const phases = ['start']
  const [first, again, other] = [
    await simulate(3, { phases }),
    await simulate(3, { phases }),
    await simulate(4, { phases })
  ]
  expect(again.trace).toBe(first.trace)
  expect(other.trace).not.toBe(first.trace)
})

test('a keeper that is content with three peers is found out', async () => {
  const { broken } = await simulate(1, { phases: ['start'], mutation: { targetPeers: 3 } })
  expect(broken).toContain('start: every node has its peers')
})

test('presence that falls silent is found out', async () => {
  const { broken } = await simulate(1, { mutation: { pubsub: silentAfter(2000) } })
  expect(broken.filter((what) => what.endsWith('forgotten by all'))).not.toEqual([])
})

/** Nothing is published any more after so much of a node's life. */
function silentAfter(ms: number): (pubsub: PubSub, clock: { monotonic(): number }) => PubSub {
  return (pubsub, clock) => {
    const since = clock.monotonic()
    const publish: PubSub['publish'] = async (...message) => {
      if (clock.monotonic() - since < ms) await pubsub.publish(...message)
    }
    return { ...pubsub, publish }
  }
}
