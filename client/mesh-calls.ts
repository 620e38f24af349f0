/** Calls of the control API about the mesh. */
import type { MeshGraph } from './mesh-api.ts'
import type { CallOptions, Verbs } from './verbs.ts'

export interface MeshCalls {
  /** Who is connected to whom; what the peers said a few seconds ago is said again. */
  graph(options?: CallOptions): Promise<MeshGraph>
}

export function createMeshCalls({ get }: Verbs): MeshCalls {
  return {
    graph: (options) => get('/v1/mesh', options)
  }
}
