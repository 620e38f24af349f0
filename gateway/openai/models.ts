/** Agents of the swarm as OpenAI clients list models: each by its name, and by that of its node, too. */
import { CHAT_EXTENSION } from '../../core/chat-request.ts'
import { agentUnknown } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { KnownAgent } from '../a2a/cards.ts'

/** As OpenAI has it. */
export interface ModelDocument {
  readonly id: string
  readonly object: 'model'
  /** Seconds since the epoch: when its card was signed. */
  readonly created: number
  /** The node, or one of them. */
  readonly owned_by: string
}

export interface Models {
  list(): readonly ModelDocument[]
  /** @throws AGENT_UNKNOWN */
  get(id: string): ModelDocument
  /**
   * Whether whole chats can be given to all whom this name may lead to; false where none is known, as the
   * search of a task knows more nodes than this one does.
   */
  takesChats(id: string): boolean
}

/** @param agents those of live peers, this node's first */
export function createModels(agents: () => readonly KnownAgent[]): Models {
  function named(id: string): readonly KnownAgent[] {
    const [agent, node] = id.split('@')
    return agents().filter(
      (one) => one.card.agentId === agent && (node === undefined || node === one.node)
    )
  }

  return {
    list() {
      const models = new Map<string, ModelDocument>()
      for (const one of agents().slice(0, LIMITS.gatewayCards.value)) {
        const { agentId } = one.card
        for (const id of [agentId, `${agentId}@${one.node}`]) {
          if (!models.has(id)) models.set(id, documentOf(id, one))
        }
      }
      return [...models.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
    },
    get(id) {
      const [first] = named(id)
      if (first !== undefined) return documentOf(id, first)
      throw agentUnknown(id)
    },
    takesChats(id) {
      const all = named(id)
      return all.length > 0 && all.every(takesChats)
    }
  }
}

function documentOf(id: string, { card, node }: KnownAgent): ModelDocument {
  return { id, object: 'model', created: Math.floor(card.issuedAt / 1000), owned_by: node }
}

function takesChats({ card }: KnownAgent): boolean {
  const { extensions = [] } = card.card.capabilities
  return extensions.some(({ uri }) => uri === CHAT_EXTENSION)
}
