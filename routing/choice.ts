/** Who may be asked at all: what fits the wish best, where the wish allows it. */
import type { PeerIdText } from '../core/ids.ts'
import type { RouteProvider } from './directory-port.ts'

export interface Constraints {
  readonly where: 'local' | 'remote' | 'any'
  /** The only node that may do it. */
  readonly node: PeerIdText | undefined
}

/** How exactly a name has to fit: when an agent bears the name, skills of that name do not count. */
const PRECEDENCE = ['agent', 'skill', 'prefix', 'tag'] as const

/** Those that may be asked: of the best kind of match only, one entry an agent. */
export function candidatesOf(
  providers: readonly RouteProvider[],
  { where, node }: Constraints
): readonly RouteProvider[] {
  const allowed = providers.filter(
    ({ peer, local }) =>
      (node === undefined || peer === node) && (where === 'any' || local === (where === 'local'))
  )
  for (const kind of PRECEDENCE) {
    const fitting = allowed.filter(({ match }) => match === kind)
    if (fitting.length > 0) return uniqueAgents(fitting)
  }
  return []
}

function uniqueAgents(providers: readonly RouteProvider[]): readonly RouteProvider[] {
  const byAgent = new Map<string, RouteProvider>()
  for (const provider of providers) byAgent.set(`${provider.peer}/${provider.agentId}`, provider)
  return [...byAgent.values()]
}
