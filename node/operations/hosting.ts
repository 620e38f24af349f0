/** Hosted projects on request of a person. */
import { usualName } from '../../agents/hosting/entry.ts'
import type { Hosts, HostView } from '../../agents/hosting/hosts.ts'
import { API_VERSION } from '../../client/api.ts'
import type { HostDocument } from '../../client/hosting-api.ts'
import { LIMITS } from '../../core/limits.ts'
import type { HostOperations } from '../../gateway/control/hosting-operations.ts'

export function createHostOperations(hosts: Hosts): HostOperations {
  return {
    list: async () => ({ v: API_VERSION, hosts: hosts.list().map(summaryOf) }),
    show: async (name) => documentOf(hosts.show(name)),
    add: async ({ path, name = usualName(path), env = {}, memoryBytes, once = false }) =>
      documentOf(
        await hosts.add({
          name,
          path,
          env,
          memoryBytes: memoryBytes ?? LIMITS.hostMemory.value,
          keep: !once
        })
      ),
    restart: async (name) => documentOf(await hosts.restart(name)),
    async remove(name) {
      const { host, ended } = await hosts.remove(name)
      return { ...documentOf(host), ended }
    }
  }
}

function documentOf(view: HostView): HostDocument {
  return { v: API_VERSION, host: summaryOf(view) }
}

/** Never the values of its variables: they are keys, mostly. */
function summaryOf({ env, keep, agents, residentBytes, ...view }: HostView): HostDocument['host'] {
  return {
    ...view,
    agents: agents.map(({ id }) => id),
    env: Object.keys(env),
    kept: keep,
    ...(residentBytes !== undefined && { rssBytes: residentBytes })
  }
}
