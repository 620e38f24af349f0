/** What routing knows of who can do what: providers of the finder that take tasks of this node. */
import { formatDemand, unmetDemand } from '../core/attributes.ts'
import type { Attributes, Demand } from '../core/attributes.ts'
import { LumosError } from '../core/errors.ts'
import {
  attributesOf,
  demandsOf,
  isIdempotent,
  isResumable
} from '../discovery/cards/card-builder.ts'
import type { Directory } from '../discovery/directory/directory.ts'
import type { Provider } from '../discovery/directory/provider.ts'
import type { Finder } from '../discovery/directory/find.ts'
import type { RouteDirectory, RouteProvider } from '../routing/directory-port.ts'

export interface RouteDirectoryComponents {
  readonly directory: Directory
  readonly finder: Finder
}

/** @param own what this node says of itself: agents may demand it */
export function createRouteDirectory(
  { directory, finder }: RouteDirectoryComponents,
  own: Attributes
): RouteDirectory {
  return {
    async find(target, signal) {
      const { providers } = await finder.find(target, { exact: true, signal })
      const open = providers.filter((provider) => unmetBy(own, provider) === undefined)
      const [first] = providers
      const demand = first && unmetBy(own, first)
      if (open.length === 0 && first !== undefined && demand !== undefined) {
        const details = { agent: first.agentId, demand: formatDemand(demand) }
        throw new LumosError('DEMANDS_UNMET', { details })
      }
      return open.map(toRouteProvider)
    },
    nodes: () => directory.peers().map(({ peer, name }) => ({ id: peer, name }))
  }
}

function unmetBy(own: Attributes, { card }: Provider): Demand | undefined {
  return unmetDemand(own, demandsOf(card.card))
}

function toRouteProvider({ card, slots, ...provider }: Provider): RouteProvider {
  const { price } = attributesOf(card.card)
  return {
    peer: provider.peer,
    name: provider.name,
    agentId: provider.agentId,
    match: provider.match,
    load: provider.load,
    ...(slots !== undefined && { slots }),
    ...(typeof price === 'number' && price >= 0 && { price }),
    local: provider.local,
    connected: provider.connected,
    idempotent: isIdempotent(card.card),
    resumable: isResumable(card.card)
  }
}
