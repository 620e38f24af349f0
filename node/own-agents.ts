/** Lets routing find the agents that a node keeps to itself: no card tells of them. */
import type { PeerIdText } from '../core/ids.ts'
import type { RouteDirectory } from '../routing/directory-port.ts'

export interface OwnAgentsInit {
  readonly self: PeerIdText
  /** Of the node. */
  readonly name: string
  /** Ids of the agents. */
  readonly agents: readonly string[]
}

export function withOwnAgents(
  directory: RouteDirectory,
  { self, name, agents }: OwnAgentsInit
): RouteDirectory {
  return {
    ...directory,
    async find(target, signal) {
      const agentId = agents.find((id) => target === `@${id}`)
      if (agentId === undefined) return directory.find(target, signal)
      const own = {
        agentId,
        peer: self,
        name,
        match: 'agent',
        local: true,
        connected: true
      } as const
      return [{ ...own, load: undefined, idempotent: false }]
    }
  }
}
