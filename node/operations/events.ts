/** What happens at this node, for whoever watches: who comes, changes and goes, and how tasks stand. */
import { LOCAL_OWNER } from '../../gateway/http/callers.ts'
import { createNodeEvents } from '../../gateway/live/node-events.ts'
import type { NodeEvents } from '../../gateway/live/node-events.ts'
import type { Assembly } from '../assembly.ts'
import { listAgents } from './agents.ts'
import { peerViews } from './peer-views.ts'

export function nodeEventsOf(assembly: Assembly): NodeEvents {
  const { components, wire, work, capabilities } = assembly
  const events = createNodeEvents({
    clock: components.clock,
    newEpoch: () => Buffer.from(components.random.bytes(8)).toString('hex'),
    peers: () => peerViews(assembly),
    agents: () => listAgents(assembly).agents,
    knows: (owner, agent) => work.tenants.knows(owner, agent),
    onNews(listener) {
      const sessions = wire.sessions.events
      const directory = capabilities.directory.events
      sessions.on('opened', listener).on('closed', listener)
      directory.on('changed', listener).on('removed', listener)
      return () => {
        sessions.off('opened', listener).off('closed', listener)
        directory.off('changed', listener).off('removed', listener)
      }
    }
  })
  work.taskNews.on('changed', ({ id, edge, agent, contextId, state }) => {
    if (edge === undefined) events.taskChanged(LOCAL_OWNER, { id, agent, contextId, state })
    else {
      const told = { id, agent: edge.agent, contextId: edge.contextId, state }
      events.taskChanged(edge.owner, told)
    }
  })
  return events
}
