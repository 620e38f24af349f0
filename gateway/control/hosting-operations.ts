/** What the control API asks of the projects that a node hosts. */
import type {
  HostDocument,
  HostList,
  HostRequest,
  RemovedHostDocument
} from '../../client/hosting-api.ts'

export interface HostOperations {
  list(): Promise<HostList>
  /** @throws HOST_UNKNOWN */
  show(name: string): Promise<HostDocument>
  /** @throws HOST_EXISTS, HOST_LIMIT, HOST_INVALID */
  add(request: HostRequest): Promise<HostDocument>
  /** @throws HOST_UNKNOWN */
  restart(name: string): Promise<HostDocument>
  /** @throws HOST_UNKNOWN */
  remove(name: string): Promise<RemovedHostDocument>
}
