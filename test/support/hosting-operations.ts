/** Answers of a node that hosts one project, for tests of what asks it. */
import type { HostSummary } from '../../client/hosting-api.ts'
import type { HostOperations } from '../../gateway/control/hosting-operations.ts'

const MIB = 1024 * 1024

const shopHost: HostSummary = {
  name: 'shop',
  path: '/projects/shop',
  state: 'ready',
  agents: ['clerk', 'buyer'],
  pid: 4711,
  rssBytes: 200 * MIB,
  memoryBytes: 1024 * MIB,
  restarts: 1,
  env: ['OPENAI_API_KEY'],
  kept: true
}

export function fakeHosts(host: HostSummary = shopHost): HostOperations {
  return {
    list: async () => ({ v: 1, hosts: [host] }),
    show: async (name) => ({ v: 1, host: { ...host, name } }),
    add: async ({ path, name = host.name, env = {} }) => ({
      v: 1,
      host: { ...host, path, name, env: Object.keys(env) }
    }),
    restart: async (name) => ({ v: 1, host: { ...host, name } }),
    remove: async (name) => ({ v: 1, host: { ...host, name, state: 'stopped' }, ended: 0 })
  }
}
