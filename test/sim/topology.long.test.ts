/** The simulation of topology.test.ts with more nodes and more seeds. */
import { checkMesh } from '../support/mesh-simulation-checks.ts'

for (let seed = 10; seed < 20; seed++) checkMesh(seed, 60)
checkMesh(30, 200)
