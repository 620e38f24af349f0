/** Joins what makes agents findable: this node's cards, the directory of everybody's, and who keeps them true. */
import { join } from 'node:path'
import { asAttributes } from '../core/attributes.ts'
import type { Attributes } from '../core/attributes.ts'
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import type { Component } from '../core/component.ts'
import { createCapabilityDht } from '../discovery/dht/capability-dht.ts'
import type { CapabilityDht, ProviderRecords } from '../discovery/dht/capability-dht.ts'
import { createCardBook } from '../discovery/cards/card-book.ts'
import type { CardBook } from '../discovery/cards/card-book.ts'
import type { AgentDescription } from '../discovery/cards/card-builder.ts'
import { createCardVectors } from '../discovery/cards/card-vectors.ts'
import type { CardVectors, TextEmbedder } from '../discovery/cards/card-vectors.ts'
import { sharingVerifier } from '../discovery/cards/card-sharing.ts'
import { createCardExchange } from '../discovery/cards/card-exchange.ts'
import type { CardExchange, NodeLoad } from '../discovery/cards/card-exchange.ts'
import { createDirectory } from '../discovery/directory/directory.ts'
import type { Directory } from '../discovery/directory/directory.ts'
import { createFinder } from '../discovery/directory/find.ts'
import type { Finder } from '../discovery/directory/find.ts'
import { createFindByMeaning } from '../discovery/directory/meaning.ts'
import { createPresence } from '../discovery/presence/presence.ts'
import type { Presence } from '../discovery/presence/presence.ts'
import { A2A_EXTENSIONS } from '../protocols/a2a/constants.ts'
import { createSequence } from '../storage/sequence.ts'
import { verifyCard } from '../trust/card-signature.ts'
import type { VerifiedCard } from '../trust/card-signature.ts'
import type { NodeDatabase } from './database.ts'
import { measuredRecords } from './metrics/measured-records.ts'
import { routingTable } from './libp2p/network.ts'
import type { Network } from './libp2p/network.ts'
import type { LateParts, NodeComponents, Wire } from './wire.ts'

export interface CapabilitiesComponents extends NodeComponents {
  readonly wire: Wire
  readonly load: () => NodeLoad
  /** There once the node is started. */
  readonly database: Pick<NodeDatabase, 'store'>
  readonly embedder?: TextEmbedder
}

export interface CapabilitiesInit {
  readonly agents: readonly AgentDescription[]
  /** Keeps the number of the newest card. */
  readonly dataDirectory: string
  /** Whether the node sends any. */
  readonly pushNotifications: boolean
}

export interface Capabilities {
  readonly book: CardBook
  readonly directory: Directory
  readonly exchange: CardExchange
  readonly presence: Presence
  readonly dht: CapabilityDht
  readonly finder: Finder
  /** Where an embedding model is configured. */
  readonly vectors: CardVectors | undefined
}

export function createCapabilities(
  components: CapabilitiesComponents,
  { agents, dataDirectory, pushNotifications }: CapabilitiesInit
): Capabilities {
  const { clock, random, wire, load } = components
  const { identity, name, sessions, pubsub, network, swarm } = wire
  const self = identity.peer
  const base = { clock, random, logger: components.logger.child('discovery') }
  const sequence = createSequence(clock, join(dataDirectory, 'card-sequence.json'))
  const book = createCardBook(
    { ...base, identity, sequence },
    { agents, extensions: [...A2A_EXTENSIONS], pushNotifications }
  )
  // What sessions refuse by role must not come in by HELLO, gossip or hearsay.
  const mayOffer = (peer: PeerIdText): boolean =>
    wire.authority.judge(peer, { operation: 'agent.offer' }).allowed
  const directory = createDirectory(clock, { self, name, load, mayOffer })
  const exchange = createCardExchange({
    ...base,
    sessions,
    directory,
    book,
    verify: sharingVerifier(verifyCard),
    load,
    mayKnow: (peer, card) => mayKnow(wire, peer, card)
  })
  wire.grants.events.on('shown', (peer) => exchange.refresh(peer))
  const presence = createPresence(
    { ...base, pubsub, sessions, directory, book, exchange, load, ...network },
    { swarmId: swarm.id, name }
  )
  const dht = createCapabilityDht({
    ...base,
    records: measuredRecords(providerRecords(network), wire.meters.queries),
    book,
    holders: (skillId) => holdersOf(directory, skillId),
    nodes: () => directory.size,
    sessions
  })
  const { embedder, database } = components
  const store = () => database.store
  const vectors = embedder && createCardVectors({ ...base, embedder, store })
  const finder = createFinder({
    ...base,
    directory,
    dht,
    exchange,
    self,
    ...(vectors && { findByMeaning: createFindByMeaning({ directory, vectors }) })
  })
  return { book, directory, exchange, presence, dht, finder, vectors }
}

/**
 * Whether a peer may know of an agent: members of all, who has a grant of those of this node that it
 * names, as the agent itself or as one of its skills.
 */
export function mayKnow(
  { authority, identity }: Pick<Wire, 'authority' | 'identity'>,
  peer: PeerIdText,
  { peer: owner, agentId, card }: Pick<VerifiedCard, 'peer' | 'agentId' | 'card'>
): boolean {
  const skills = [agentId, ...card.skills.map(({ id }) => id)]
  const decision = authority.judge(peer, { operation: 'agent.list', skills })
  return decision.allowed && (decision.by === 'role' || owner === identity.peer)
}

/** What the wire asks, which may be before there are cards. */
export function lateParts(
  capabilities: () => Capabilities | undefined,
  { attributes }: { readonly attributes: Attributes }
): LateParts {
  return {
    helloFields: () => ({
      ...capabilities()?.exchange.helloFields(),
      ...(Object.keys(attributes).length > 0 && { attributes: { ...attributes } })
    }),
    addressesOf: (peer) => capabilities()?.directory.peer(peer)?.addresses ?? []
  }
}

/** What the node at the other end of a session says of itself. */
export function attributesOfPeer({ sessions }: Wire, peer: PeerIdText): Attributes {
  return asAttributes(sessions.get(peer)?.hello.fields['attributes'])
}

/** Tells the swarm when this node can be dialled elsewhere. */
export function createAddressWatch(
  { libp2p }: Pick<Network, 'libp2p'>,
  presence: Pick<Presence, 'addressesChanged'>
): Component {
  const onUpdate = (): void => presence.addressesChanged()
  return {
    async start() {
      libp2p.addEventListener('self:peer:update', onUpdate)
    },
    async stop() {
      libp2p.removeEventListener('self:peer:update', onUpdate)
    }
  }
}

/** Announces again when the first peers have come into an empty routing table. */
export function createTableWatch(network: Network, dht: CapabilityDht): Component {
  const table = routingTable(network)
  const onAdded = (): void => {
    if (table.size === 1) dht.refresh()
  }
  return {
    async start() {
      table.addEventListener('peer:add', onAdded)
    },
    async stop() {
      table.removeEventListener('peer:add', onAdded)
    }
  }
}

/** Peers among those that the directory knows. */
function holdersOf(directory: Pick<Directory, 'search'>, skillId: string): number {
  const query = { text: skillId, words: [], demands: [] }
  const found = directory.search(query, { limit: LIMITS.directoryPeers.value })
  const having = found.filter(({ match }) => match === 'skill' || match === 'prefix')
  return new Set(having.map(({ peer }) => peer)).size
}

function providerRecords({ libp2p }: Network): ProviderRecords {
  const { contentRouting, services } = libp2p
  return {
    async provide(cid, options) {
      let given = 0
      for await (const event of services.dht.provide(cid, options)) {
        if (event.name === 'PEER_RESPONSE' && event.messageName === 'ADD_PROVIDER') given += 1
      }
      return given
    },
    findProviders: (cid, options) => contentRouting.findProviders(cid, options),
    cancelReprovide: (cid) => contentRouting.cancelReprovide(cid)
  }
}
