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
import { LumosError } from '../../core/errors.ts'
import type { PeerRecord } from '../../discovery/directory.ts'
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
  if (found === undefined) throw new LumosError('AGENT_UNKNOWN', { details: { agent: id } })
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
  if (!isHere && !(enabled && roster.disabled().includes(id))) {
    throw new LumosError('AGENT_UNKNOWN', { details: { agent: id } })
  }
  await roster.setEnabled(id, enabled)
  return { v: API_VERSION, id, enabled }
}

export async function findAgents(
  { capabilities, wire }: Assembly,
  query: string,
  { all, signal }: { readonly all: boolean; readonly signal: AbortSignal }
): Promise<FindResult> {
  const { providers, asked } = await capabilities.finder.find(query, { wide: all, signal })
  return {
    v: API_VERSION,
    query,
    asked,
    providers: providers.map((provider): Provider => ({
      agent: provider.agentId,
      skill: provider.skill.id,
      description: provider.skill.description,
      node: { id: provider.peer, name: provider.name },
      local: provider.local,
      connected: provider.connected,
      rttMs: wire.sessions.get(provider.peer)?.roundTripMs ?? null,
      load: provider.load ?? null,
      freshMs: provider.freshMs,
      score: provider.score
    }))
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
