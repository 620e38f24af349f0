/** Stars become meshes and stay meshes: peer finders over a simulated network, from seeds. */
import { checkMesh } from '../support/mesh-simulation-checks.ts'

for (const seed of [1, 2, 3]) checkMesh(seed, 30)
checkMesh(4, 60)
