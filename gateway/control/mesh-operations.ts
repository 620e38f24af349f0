/** What the control API asks of a node about the mesh. */
import type { MeshGraph } from '../../client/mesh-api.ts'

export interface MeshOperations {
  /** Asks the connected peers, unless that was done a moment ago. */
  graph(signal: AbortSignal): Promise<MeshGraph>
}
