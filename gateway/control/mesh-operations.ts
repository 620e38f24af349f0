/** What the control API asks of a node about the mesh. */
import type {
  MeshDht,
  MeshGraph,
  MeshRoutes,
  MeshTopics,
  PeerTrace
} from '../../client/mesh-api.ts'

export interface MeshOperations {
  /** Asks the connected peers, unless that was done a moment ago. */
  graph(signal: AbortSignal): Promise<MeshGraph>
  routes(): Promise<MeshRoutes>
  topics(): Promise<MeshTopics>
  /** `lookup` searches the DHT, too, for as long as a search may take. */
  dht(lookup: boolean, signal: AbortSignal): Promise<MeshDht>
  /** @throws PEER_UNKNOWN, PEER_AMBIGUOUS */
  trace(selector: string, signal: AbortSignal): Promise<PeerTrace>
}
