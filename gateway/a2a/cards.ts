/** Agent cards as clients over HTTP need them: this door first, signed by this node. */
import type { AgentCard } from '../../core/a2a.ts'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import { legacyCardOf } from './legacy/card.ts'
import { cardDigest } from '../../trust/card-signature.ts'
import type { CardSigner, VerifiedCard } from '../../trust/card-signature.ts'

/** An agent of the swarm, as the directory has it. */
export interface KnownAgent {
  readonly card: VerifiedCard
  /** Of its node. */
  readonly node: string
}

export interface CardDocument {
  readonly card: AgentCard
  /** Names this very card; a strong ETag. */
  readonly digest: string
}

export interface HttpCard extends CardDocument {
  /** The same with what clients of A2A 0.3 look for. */
  readonly legacy: CardDocument
}

export interface HttpCards {
  /** Of `echo`, the first that there is, or `echo@birch`; `undefined` when this node knows none. */
  find(agent: string): Promise<HttpCard | undefined>
  /** All agents that can be asked here: each by its bare name, and by that of its node, too. */
  names(): readonly string[]
}

export interface HttpCardsComponents {
  readonly clock: Clock
  readonly sign: CardSigner
  /** Agents of live peers, this node's first. */
  readonly agents: () => readonly KnownAgent[]
  /** Where the door is: `http://127.0.0.1:5869`. */
  readonly url: () => string
}

export interface HttpCardsInit {
  /** URIs of those extensions of ours that hold over HTTP. */
  readonly extensions: ReadonlySet<string>
  /** Whether callers need no token. */
  readonly open: boolean
  readonly pushNotifications: boolean
}

/** As long as the card that it is made from can be: whoever holds it asks again before. */
const VALIDITY_MS = 24 * 60 * 60 * 1000
const BEARER = {
  securitySchemes: {
    bearer: { httpAuthSecurityScheme: { scheme: 'Bearer', description: 'lumos auth token create' } }
  },
  // An empty list would be left out by those who verify the card's signature with the official SDK.
  securityRequirements: [{ schemes: { bearer: { list: ['task/send'] } } }]
}

interface Kept extends HttpCard {
  readonly source: VerifiedCard
  readonly url: string
  readonly renewAt: number
}

export function createHttpCards(
  { clock, sign, agents, url }: HttpCardsComponents,
  { extensions, open, pushNotifications }: HttpCardsInit
): HttpCards {
  /** Signing takes a tenth of a millisecond, and clients ask before each task. */
  const kept = new RecentMap<string, Kept>(LIMITS.gatewayCards.value)

  async function signed(agent: string, source: VerifiedCard): Promise<Kept> {
    const now = clock.now()
    const base = `${url()}/agents/${encodeURIComponent(agent)}`
    const { signatures: _, ...card } = source.card
    const declared = card.capabilities.extensions?.filter(({ uri }) => extensions.has(uri))
    const unsigned: AgentCard = {
      ...card,
      supportedInterfaces: [
        { url: base, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
        { url: base, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
        { url: base, protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
        { url: base, protocolBinding: 'HTTP+JSON', protocolVersion: '0.3' },
        ...card.supportedInterfaces
      ],
      capabilities: {
        ...card.capabilities,
        ...(declared && { extensions: declared }),
        pushNotifications,
        extendedAgentCard: true
      },
      ...(!open && BEARER)
    }
    const validity = { seq: source.seq, issuedAt: now, expiresAt: now + VALIDITY_MS }
    const card10 = await sign(unsigned, validity)
    const card03 = await sign(legacyCardOf(unsigned), validity)
    // One for those who verify what they got, one for those who verify what of it 1.0 knows.
    const signatures = [...card03.signatures, ...card10.signatures]
    const legacy = documentOf({ ...card03, signatures })
    return { ...documentOf(card10), legacy, source, url: base, renewAt: now + VALIDITY_MS / 2 }
  }

  return {
    async find(agent) {
      const [id = '', node] = agent.split('@')
      const source = agents().find(
        (one) => one.card.agentId === id && (node === undefined || node === one.node)
      )?.card
      if (source === undefined) return undefined
      const known = kept.get(agent)
      const isFresh = known?.source.digest === source.digest && known.url.startsWith(`${url()}/`)
      if (isFresh && clock.now() < known.renewAt) return known
      const made = await signed(agent, source)
      kept.set(agent, made)
      return made
    },
    names() {
      const all = agents().slice(0, LIMITS.gatewayCards.value)
      const names = all.flatMap(({ card: { agentId }, node }) => [agentId, `${agentId}@${node}`])
      return [...new Set(names)].toSorted()
    }
  }
}

function documentOf(card: AgentCard): CardDocument {
  return { card, digest: cardDigest(card) ?? '' }
}
