/** Who can do what in the swarm: every agent by node and by skill; one of them, with its card, to be tried. */
import type { VNode } from 'preact'
import type { Page } from '../dashboard.tsx'
import type { Route } from '../route.ts'
import { AgentList } from './agents/agent-list.tsx'
import { lazy } from '../parts/lazy.tsx'

/** With forms for all that schemas can say. */
const AgentView = lazy(async () => (await import('./agents/agent-view.tsx')).AgentView)

function Agents({ route }: { readonly route: Route }): VNode {
  const [agent, node] = route.path
  return agent === undefined ? (
    <AgentList route={route} />
  ) : (
    <AgentView key={`${agent}\n${node}`} id={agent} node={node ?? ''} />
  )
}

export const page: Page = {
  id: 'agents',
  title: 'Agents',
  key: 'a',
  order: 40,
  icon: 'M12 3v3M5 8h14v11H5zM9 12v2M15 12v2M2 12v4M22 12v4',
  view: Agents
}
