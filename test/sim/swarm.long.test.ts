/** A hundred simulated nodes, far apart, through all that `npm run swarm` does to real ones when they are not at rest. */
import { expect, test } from 'vitest'
import { WIDE_AREA } from '../support/swarm-simulation/conditions.ts'
import { runSimulation } from '../support/swarm-simulation/run.ts'

/** A newcomer's first lookups take more than a second here (docs/scaling.md), so that `steady` is left out. */
const PHASES = ['start', 'bootstrap', 'kill', 'churn', 'partition']

test.for([1, 2])('a hundred nodes keep what is promised of a swarm (seed %i)', async (seed) => {
  const { book } = await runSimulation({
    seed,
    nodes: 100,
    conditions: WIDE_AREA,
    phases: PHASES
  })
  expect(book.broken().map(({ what, value }) => `${what}: ${value}`)).toEqual([])
})
