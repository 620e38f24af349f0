/** What agents there are, here and elsewhere, and who fits a wish. */
import { API_VERSION } from '../../client/api.ts'
import type {
  AgentDetails,
  AgentList,
  AgentState,
  AgentSummary,
  FindResult,
  Provider
} from '../../client/api.ts'
import type { FindEvent } from '../../client/find-api.ts'
import { agentUnknown } from '../../core/errors.ts'
import type { PeerRecord } from '../../discovery/directory/directory.ts'
import type { Provider as FoundProvider } from '../../discovery/directory/provider.ts'
import { watchProviders } from '../../discovery/directory/find-watch.ts'
import type { VerifiedCard } from '../../trust/card-signature.ts'
import type { Assembly } from '../assembly.ts'

interface Listed {
  readonly summary: AgentSummary
  readonly card: VerifiedCard
}

/** This node's agents first. */
export function listAgents(assembly: Assembly): AgentList {
  const { roster } = assembly
  const off = roster.entries().flatMap(({ agent, enabled }) => (enabled ? [] : [agent.id]))
  const agents = listed(assembly).map(({ summary }) => summary)
  return { v: API_VERSION, agents, ...(off.length > 0 && { disabled: off }) }
}

/** The agent `id` of `node` (name or PeerId), or of the first node that has it. Throws AGENT_UNKNOWN. */
export function showAgent(assembly: Assembly, id: string, node: string | undefined): AgentDetails {
  const found = listed(assembly).find(
    ({ summary }) =>
      summary.id === id &&
      (node === undefined || summary.node.name === node || summary.node.id === node)
  )
  if (found === undefined) throw agentUnknown(id)
  return { v: API_VERSION, agent: found.summary, card: found.card.card }
}

/**
 * An agent that was disabled may have gone meanwhile, and can still be enabled.
 *
 * @throws AGENT_UNKNOWN
 */
export async function setAgentEnabled(
  { roster }: Pick<Assembly, 'roster'>,
  id: string,
  enabled: boolean
): Promise<AgentState> {
  const isHere = roster.entries().some(({ agent }) => agent.id === id)
  if (!isHere && !(enabled && roster.disabled().includes(id))) throw agentUnknown(id)
  await roster.setEnabled(id, enabled)
  return { v: API_VERSION, id, enabled }
}

interface FindOptions {
  readonly all: boolean
  readonly signal: AbortSignal
}

export async function findAgents(
  assembly: Assembly,
  query: string,
  { all, signal }: FindOptions
): Promise<FindResult> {
  const { finder } = assembly.capabilities
  const { providers, asked } = await finder.find(query, { wide: all, signal })
  const views = providers.map((provider) => providerView(assembly, provider))
  return { v: API_VERSION, query, asked, providers: views }
}

export async function* watchAgents(
  assembly: Assembly,
  query: string,
  { all, signal }: FindOptions
): AsyncIterable<FindEvent> {
  const { capabilities, components } = assembly
  const parts = { ...components, ...capabilities }
  for await (const change of watchProviders(parts, { query, wide: all }, signal)) {
    if (change.type === 'ready') yield { v: API_VERSION, type: 'ready' }
    else {
      const provider = providerView(assembly, change.provider)
      yield { v: API_VERSION, type: change.type, provider }
    }
  }
}

function providerView({ wire }: Assembly, found: FoundProvider): Provider {
  return {
    agent: found.agentId,
    skill: found.skill.id,
    description: found.skill.description,
    node: { id: found.peer, name: found.name },
    local: found.local,
    connected: found.connected,
    rttMs: wire.sessions.get(found.peer)?.roundTripMs ?? null,
    load: found.load ?? null,
    freshMs: found.freshMs,
    score: found.score
  }
}

function listed({ capabilities, wire }: Assembly): Listed[] {
  const self = wire.identity.peer
  return capabilities.directory
    .peers()
    .flatMap((record) =>
      record.cards
        .map((card) => ({ card, summary: summaryOf(card, record, record.peer === self) }))
        .toSorted((a, b) => a.summary.id.localeCompare(b.summary.id))
    )
}

function summaryOf(
  { agentId, card }: VerifiedCard,
  { peer, name }: PeerRecord,
  local: boolean
): AgentSummary {
  return {
    id: agentId,
    name: card.name,
    description: card.description,
    version: card.version,
    skills: card.skills,
    node: { id: peer, name },
    local
  }
}
