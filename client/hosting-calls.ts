/** Calls of the control API about hosted projects. */
import type { HostDocument, HostList, HostRequest, RemovedHostDocument } from './hosting-api.ts'
import type { CallOptions, Verbs } from './verbs.ts'
import { encode, overNetwork } from './verbs.ts'

export interface HostCalls {
  list(options?: CallOptions): Promise<HostList>
  show(name: string, options?: CallOptions): Promise<HostDocument>
  /** Resolves when its agents can be asked; the same path again replaces what is hosted. */
  add(request: HostRequest, options?: CallOptions): Promise<HostDocument>
  /** Resolves when it runs again, or is given up. */
  restart(name: string, options?: CallOptions): Promise<HostDocument>
  /** Nobody finds its agents any more; what runs there may end first, for some seconds. */
  remove(name: string, options?: CallOptions): Promise<RemovedHostDocument>
}

export function createHostCalls({ get, post }: Verbs): HostCalls {
  return {
    list: (options) => get('/v1/hosts', options),
    show: (name, options) => get(pathOf(name), options),
    // Loading somebody's project takes as long as asking the network.
    add: (request, options) => post('/v1/hosts', request, overNetwork(options)),
    restart: (name, options) => post(`${pathOf(name)}/restart`, {}, overNetwork(options)),
    remove: (name, options) => post(`${pathOf(name)}/remove`, {}, overNetwork(options))
  }
}

function pathOf(name: string): string {
  return `/v1/hosts/${encode(name)}`
}
