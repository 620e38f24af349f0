/** Joins who a node is with how it speaks: key, swarm, libp2p, sessions. */
import type { Clock } from '../core/clock.ts'
import type { JsonObject } from '../core/json.ts'
import type { Logger } from '../core/logger.ts'
import type { NodePaths } from '../core/paths.ts'
import type { PubSub } from '../core/pubsub.ts'
import type { Random } from '../core/random.ts'
import type { Secret } from '../core/secret.ts'
import { createStreamHost } from '../protocols/frames/host.ts'
import type { Sessions } from '../protocols/session/session.ts'
import { createSessions } from '../protocols/session/sessions.ts'
import type { Members } from '../trust/authority.ts'
import { createBlame } from '../trust/blame.ts'
import type { Blame } from '../trust/blame.ts'
import { loadOrCreateIdentity } from '../trust/identity.ts'
import type { Identity } from '../trust/identity.ts'
import { createMembership } from '../trust/membership.ts'
import { nodeName } from '../trust/node-name.ts'
import { resolveSwarm } from '../trust/swarm.ts'
import type { ResolvedSwarm } from '../trust/swarm.ts'
import { createNodeAuthority } from './authority.ts'
import type { NodeAuthority } from './authority.ts'
import { createNodeGrants } from './grants.ts'
import type { NodeGrants } from './grants.ts'
import { createPortClaims } from './config/port-claims.ts'
import type { NodeConfig } from './config/schema.ts'
import { createNetwork } from './libp2p.ts'
import type { Network, TransportFactory } from './libp2p.ts'
import { usableListen } from './listen.ts'
import { createPubSub } from './pubsub.ts'

export interface NodeComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

export interface NodeInit {
  readonly config: NodeConfig
  readonly paths: NodePaths
  /** 64 hex digits or `file:PATH`; without it, the stored or shared key of the swarm. */
  readonly swarmKey?: Secret<string> | undefined
  /** Version of Lumos. */
  readonly version: string
  /** Replaces TCP and WebSockets; for tests over `@libp2p/memory`. */
  readonly transports?: readonly TransportFactory[]
}

export interface Wire {
  readonly identity: Identity
  /** Readable name of this node. */
  readonly name: string
  readonly swarm: ResolvedSwarm
  /** Random per process start: tells a restarted node from a running one. */
  readonly instance: string
  readonly network: Network
  /** Offences of peers, whoever noticed them. */
  readonly blame: Blame
  readonly pubsub: PubSub
  /** What peers may do here. */
  readonly authority: NodeAuthority
  readonly grants: NodeGrants
  readonly sessions: Sessions
}

/** Nothing listens yet; `helloFields` is asked when the first peer comes. */
export async function createWire(
  components: NodeComponents,
  init: NodeInit,
  helloFields: () => JsonObject
): Promise<Wire> {
  const { clock, random, logger } = components
  const { config, paths, version } = init
  const identity = await loadOrCreateIdentity(paths.data, logger.child('trust'))
  const name = config.name ?? nodeName(identity.peer)
  const swarm = await findSwarm(components, init)
  const instance = Buffer.from(random.bytes(16)).toString('hex')
  const blame = createBlame({ clock })
  const network = await createNetwork(
    { identity, swarm, membership: createMembership(), blame, logger: logger.child('network') },
    {
      listen: await usableListen({
        addresses: config.listen,
        directory: paths.data,
        claims: createPortClaims(clock, { directory: paths.runtime, owner: paths.data })
      }),
      announce: config.announce,
      agentVersion: `lumos/${version}`,
      relay: config.network.relayService,
      natTraversal: config.network.natTraversal,
      libp2pLog: Object.keys(config.log.components).some((part) => part.startsWith('libp2p')),
      ...(init.transports && { transports: init.transports })
    }
  )
  // Whoever holds the key of the swarm is a member of it.
  const members: Members = { roleOf: () => 'member' }
  const authority = createNodeAuthority(
    { ...components, members },
    { self: identity.peer, swarm: swarm.id, paths }
  )
  const sessions = createSessions(
    {
      clock,
      random,
      logger: logger.child('session'),
      host: createStreamHost({ clock, libp2p: network.libp2p }),
      hello: () => ({ swarm: swarm.id, name, version, fields: helloFields() }),
      permit: (peer, method) => authority.permit(peer, method)
    },
    { instance }
  )
  sessions.events.on('closed', ({ peer }) => authority.left(peer))
  const grants = createNodeGrants(
    { ...components, sessions, authority, members, revocations: authority.revocations },
    { identity, dataDirectory: paths.data }
  )
  const pubsub = createPubSub({
    gossip: network.libp2p.services.pubsub,
    logger: logger.child('pubsub'),
    blame
  })
  return { identity, name, swarm, instance, network, blame, pubsub, authority, grants, sessions }
}

async function findSwarm(
  { random, logger }: NodeComponents,
  { config, paths, swarmKey }: NodeInit
): Promise<ResolvedSwarm> {
  const swarm = await resolveSwarm(
    { random, logger: logger.child('trust') },
    {
      ...config.swarm,
      key: swarmKey,
      dataDirectory: paths.data,
      runtimeDirectory: config.discovery.sameHost ? paths.runtime : undefined
    }
  )
  if (swarm.key === undefined) {
    logger.warn('this swarm is open: anybody on the network can read and take part', {
      swarm: swarm.name
    })
  }
  return swarm
}
