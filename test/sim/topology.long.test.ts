/** The simulation of topology.test.ts with more nodes and more seeds. */
import { checkMesh } from '../support/mesh-simulation-checks.ts'

for (let seed = 10; seed < 30; seed++) checkMesh(seed, 60)
for (const seed of [30, 31]) checkMesh(seed, 200)
