/** Joins who a node is with how it speaks: key, swarm, libp2p, sessions. */
import type { Clock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import type { Logger } from '../core/logger.ts'
import type { NodePaths } from '../core/paths.ts'
import type { Random } from '../core/random.ts'
import type { Secret } from '../core/secret.ts'
import { createStreamHost } from '../protocols/frames/host.ts'
import type { StreamHost } from '../protocols/frames/host.ts'
import type { Sessions } from '../protocols/session/session.ts'
import { ALLOWANCE } from '../protocols/session/call-quotas.ts'
import { createSessions } from '../protocols/session/sessions.ts'
import type { HelloFacts } from '../protocols/session/sessions.ts'
import type { Members } from '../trust/authority.ts'
import { createBlame } from '../trust/blame.ts'
import type { Blame } from '../trust/blame.ts'
import { readFormerKeys } from '../trust/former-keys.ts'
import { loadOrCreateIdentity } from '../trust/identity.ts'
import type { Identity } from '../trust/identity.ts'
import type { Blocklist } from '../trust/blocklist.ts'
import { nodeName } from '../trust/node-name.ts'
import { quotasOf } from '../trust/role-quotas.ts'
import type { ResolvedSwarm } from '../trust/swarm.ts'
import type { Tracer } from '../core/trace.ts'
import { createNodeAuthority } from './authority.ts'
import type { NodeAuthority } from './authority.ts'
import { createNodeGrants } from './grants.ts'
import type { NodeGrants } from './grants.ts'
import { createBlocking } from './blocking.ts'
import { createPortClaims } from './config/port-claims.ts'
import type { NodeConfig } from './config/schema.ts'
import { createHouseInvite } from './house-invite.ts'
import type { HouseInviteComponents } from './house-invite.ts'
import { createGossipCircle } from './libp2p/gossip-circle.ts'
import { createNetwork } from './libp2p/network.ts'
import type { Network, NetworkInit, TransportFactory } from './libp2p/network.ts'
import { usableListen } from './listen.ts'
import { createNodeMembership } from './membership.ts'
import type { NodeMembership } from './membership.ts'
import { createMeters } from './metrics/meters.ts'
import type { Meters } from './metrics/meters.ts'
import type { SessionCounts } from './metrics/session-counts.ts'
import { followingMoved } from './libp2p/moved-peers.ts'
import { createPubSub } from './libp2p/pubsub.ts'
import type { NodePubSub } from './libp2p/pubsub.ts'
import { openSwarm } from './swarm.ts'
import type { NodeSwarm } from './swarm.ts'

export interface NodeComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Without it nobody traces. */
  readonly tracer?: Tracer
}

export interface NodeInit {
  readonly config: NodeConfig
  readonly paths: NodePaths
  /** 64 hex digits or `file:PATH`; without it, the stored or shared key of the swarm. */
  readonly swarmKey?: Secret<string> | undefined
  /** `lumos1_…`; joined by before the node starts. */
  readonly invite?: Secret<string> | undefined
  /** Of the node's key; without it, the file that the configuration names has it. */
  readonly passphrase?: Secret<string> | undefined
  /** Version of Lumos. */
  readonly version: string
  /** Replaces TCP and WebSockets; for tests over `@libp2p/memory`. */
  readonly transports?: readonly TransportFactory[]
}

export interface Wire {
  readonly identity: Identity
  /** Under which it writes into shared memory: the first that this node had in this swarm. */
  readonly author: Identity
  /** Readable name of this node. */
  readonly name: string
  readonly swarm: ResolvedSwarm
  readonly nodeSwarm: NodeSwarm
  /** Lets members in and others go. */
  readonly gate: NodeMembership
  /** Leaves an invite for other nodes of this user, where this host is looked at for them. */
  readonly house: Component | undefined
  /** Random per process start: tells a restarted node from a running one. */
  readonly instance: string
  readonly network: Network
  /** Opens and accepts streams. */
  readonly host: StreamHost
  /** Offences of peers, whoever noticed them. */
  readonly blame: Blame
  readonly pubsub: NodePubSub
  /** What peers may do here. */
  readonly authority: NodeAuthority
  readonly grants: NodeGrants
  /** Peers that a person does not want. */
  readonly blocking: Blocklist
  readonly sessions: Sessions
  /** What the node measures of itself. */
  readonly meters: Meters
}

/** What the wire asks of parts that are built upon it. */
export interface LateParts {
  /** Asked when the first peer comes. */
  helloFields(): JsonObject
  /** Where the peer said that it is. */
  addressesOf(peer: PeerIdText): readonly string[]
}

/** Nothing listens yet. */
export async function createWire(
  components: NodeComponents,
  init: NodeInit,
  late: LateParts
): Promise<Wire> {
  const { clock, random, logger } = components
  const { paths, version } = init
  const self = await openSelf(components, init)
  const { identity, name, nodeSwarm } = self
  const { swarm, membership } = nodeSwarm
  const instance = Buffer.from(random.bytes(16)).toString('hex')
  const blame = createBlame({ clock, logger: logger.child('trust') })
  const meters = createMeters({ clock })
  const circle = createGossipCircle()
  let gate: NodeMembership | undefined
  const network = await createNetwork(
    {
      clock,
      circle,
      identity,
      wall: nodeSwarm.wall,
      membership,
      onGuest: (peer) => gate?.welcome(peer),
      blame,
      meters,
      logger: logger.child('network'),
      libp2pLogger: logger
    },
    await networkInit(components, init)
  )
  const members: Members = nodeSwarm
  const authority = createNodeAuthority(
    { ...components, members },
    { self: identity.peer, swarm: swarm.id, paths }
  )
  const host = createStreamHost({ clock, libp2p: followingMoved({ clock, ...network, ...late }) })
  const fields = (): JsonObject => ({ ...late.helloFields(), ...gate?.helloFields() })
  const hello = (): HelloFacts => ({ swarm: swarm.id, name, version, fields: fields() })
  const sessions = openSessions(
    { ...components, host, hello, authority, blame, members, meter: meters.sessions },
    instance
  )
  circle.follow(sessions)
  const offences = { audit: authority.audit, blame }
  gate = createNodeMembership({ ...components, ...offences, network, sessions, host, nodeSwarm })
  const grants = createNodeGrants(
    { ...components, sessions, authority, members, blame, revocations: authority.revocations },
    { identity, dataDirectory: paths.data }
  )
  const blocking = createBlocking(
    { ...components, network, membership, ...offences, book: nodeSwarm.book },
    { dataDirectory: paths.data }
  )
  const pubsub = openPubSub({ ...components, network, blame, members })
  const house = houseInvite({ ...components, identity, network, nodeSwarm }, init)
  const trust = { authority, grants, blocking, gate, house }
  return { ...self, swarm, instance, network, host, blame, pubsub, sessions, meters, ...trust }
}

/** Who this node is: by its key, in its swarm, and for people. */
async function openSelf(
  components: NodeComponents,
  init: NodeInit
): Promise<Pick<Wire, 'identity' | 'author' | 'name' | 'nodeSwarm'>> {
  const { config, paths, passphrase } = init
  const identity = await loadOrCreateIdentity(paths.data, components.logger.child('trust'), {
    ...config.key,
    passphrase
  })
  const nodeSwarm = await openSwarm({ ...components, identity }, init)
  const ids = nodeSwarm.idsOf(identity.peer)
  const author = await authorOf(paths.data, identity, ids)
  return { identity, author, name: config.name ?? nodeName(ids[0] ?? identity.peer), nodeSwarm }
}

/** The oldest id of which the key is still here: an imported key brings none of those before it. */
async function authorOf(
  directory: string,
  identity: Identity,
  ids: readonly PeerIdText[]
): Promise<Identity> {
  if (ids.length < 2) return identity
  const former = await readFormerKeys(directory, identity)
  for (const id of ids) {
    const found = former.find(({ peer }) => peer === id)
    if (found !== undefined) return found
  }
  return identity
}

interface SessionParts extends NodeComponents {
  readonly meter: SessionCounts
  readonly host: StreamHost
  readonly hello: () => HelloFacts
  readonly authority: NodeAuthority
  readonly blame: Blame
  readonly members: Members
}

/** What peers may ask is the authority's business, and so is what they do wrong. */
function openSessions(parts: SessionParts, instance: string): Sessions {
  const { authority, blame, logger, members, meter } = parts
  const sessions = createSessions(
    {
      ...parts,
      logger: logger.child('session'),
      permit: (peer, method) => authority.permit(peer, method)
    },
    { instance, allowance: { ...ALLOWANCE, of: (peer) => quotasOf(members.roleOf(peer)) } }
  )
  meter.watch(sessions)
  sessions.events.on('closed', ({ peer }) => authority.left(peer))
  sessions.events.on('offended', (peer, { code }) => {
    blame.add(peer, 1, code)
    authority.audit.note({ who: peer, did: 'session', allowed: false, reason: code })
  })
  return sessions
}

interface PubSubParts extends NodeComponents {
  readonly network: Network
  readonly blame: Blame
  readonly members: Members
}

function openPubSub({ clock, logger, network, blame, members }: PubSubParts): NodePubSub {
  return createPubSub({
    clock,
    gossip: network.libp2p.services.pubsub,
    logger: logger.child('pubsub'),
    blame,
    quotaOf: (peer) => quotasOf(members.roleOf(peer)),
    isMember: (peer) => members.roleOf(peer) !== undefined
  })
}

function houseInvite(
  components: HouseInviteComponents,
  { config, paths }: NodeInit
): Component | undefined {
  return config.discovery.sameHost ? createHouseInvite(components, paths.runtime) : undefined
}

async function networkInit(
  { clock }: NodeComponents,
  { config, paths, version, transports }: NodeInit
): Promise<NetworkInit> {
  return {
    listen: await usableListen({
      addresses: config.listen,
      directory: paths.data,
      claims: createPortClaims(clock, { directory: paths.runtime, owner: paths.data })
    }),
    announce: config.announce,
    agentVersion: `lumos/${version}`,
    relay: config.network.relayService,
    natTraversal: config.network.natTraversal,
    dhtClient: config.network.dht === 'client',
    ...(transports && { transports })
  }
}
