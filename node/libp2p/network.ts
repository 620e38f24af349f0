/** Assembles libp2p, once and with every limit explicit: its defaults suit neither a LAN nor an attack. */
import { EventEmitter } from 'node:events'
import { noise } from '@chainsafe/libp2p-noise'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import type { GossipSub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { Libp2p, MessageStream, StreamMuxerFactory } from '@libp2p/interface'
import { passthroughMapper } from '@libp2p/kad-dht'
import type { KadDHT } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import type { Ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { createLibp2p } from 'libp2p'
import type { Libp2pOptions } from 'libp2p'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { KEEPERS, RECORD_VALIDITY_MS } from '../../discovery/dht/capability-dht.ts'
import { MEMBERSHIP_PROTOCOL } from '../../protocols/membership/constants.ts'
import type { Blame } from '../../trust/blame.ts'
import type { Identity } from '../../trust/identity.ts'
import { createMembershipGater } from '../../trust/membership.ts'
import type { Membership } from '../../trust/membership.ts'
import type { Meters } from '../metrics/meters.ts'
import { guardedEncrypter, guardedProtector } from './connection-guard.ts'
import type { ConnectionGuardComponents, ForeignContact } from './connection-guard.ts'
import { gossip } from './gossip.ts'
import type { GossipCircle } from './gossip-circle.ts'
import { watchedDcutr } from './hole-punching.ts'
import { createLibp2pLogger } from './logger.ts'
import { createNoiseCrypto } from './noise-crypto.ts'
import { relayService } from './relay-service.ts'
import { restrainedDht } from './restrained-dht.ts'
import type { Wall } from './wall.ts'
import { StrangerRefused } from './wire-guard.ts'
import type { Agreement } from './wire-guard.ts'
import { guardedYamux } from './yamux-guard.ts'

export const KAD_PROTOCOL = '/lumos/kad/1.0.0'

export interface NetworkComponents {
  readonly identity: Identity
  /** `undefined` in an open swarm. */
  readonly wall: Wall | undefined
  readonly membership: Membership
  /** A peer comes by the door of an invite. */
  readonly onGuest: (peer: PeerIdText) => void
  readonly clock: Pick<Clock, 'monotonic' | 'after' | 'sleep'>
  /** Weighed by gossip: who has many points is not listened to. */
  readonly blame: Pick<Blame, 'points' | 'add'>
  /** With whom gossip speaks of itself. */
  readonly circle: Pick<GossipCircle, 'around'>
  readonly logger: Logger
  /** Takes what libp2p itself has to say, under the names of its parts. */
  readonly libp2pLogger?: Logger
  readonly meters?: Pick<Meters, 'traffic' | 'gossip' | 'libp2p' | 'records' | 'wire'> | undefined
}

export type TransportFactory = NonNullable<Libp2pOptions['transports']>[number]

export interface NetworkInit {
  /** Multiaddrs; port 0 lets the system choose. */
  readonly listen: readonly string[]
  /** Multiaddrs told to peers instead of the ones listened on. */
  readonly announce?: readonly string[]
  /** Sent by identify. */
  readonly agentVersion: string
  /** Carries traffic of others between peers that cannot reach each other; off by default. */
  readonly relay?: boolean
  /** Punches holes: pointless on one host. */
  readonly natTraversal?: boolean
  /** Asks others on the DHT and keeps nothing for them; off by default. */
  readonly dhtClient?: boolean
  /** Replaces TCP, WebSockets and relay; for tests over `@libp2p/memory`. */
  readonly transports?: readonly TransportFactory[]
}

export interface NetworkEvents {
  /** Somebody without our swarm key, or with another one. */
  foreign: [contact: ForeignContact]
  /** A peer that is not, or no longer, a member. */
  denied: [peer: PeerIdText]
  /** A host that is dialled took the connection. */
  reached: [address: string]
  /** A connection was closed because its bytes were an attack or a defect. */
  violation: [reason: string]
}

export interface NetworkServices extends Record<string, unknown> {
  readonly dht: KadDHT
  readonly pubsub: GossipSub
  readonly ping: Ping
}

export interface Network extends Component {
  readonly libp2p: Libp2p<NetworkServices>
  readonly events: EventEmitter<NetworkEvents>
  /** How many keys of the wall there are to try; none in an open swarm. */
  dialKeys(): number
  /** Multiaddrs with the peer id, as told to peers. */
  addresses(): readonly string[]
  /** Open ones, by the way they take. */
  connections(): { readonly direct: number; readonly relay: number }
}

/** Public on kad-dht's class, though its interface leaves it out. */
export type RoutingTable = EventTarget & { readonly size: number }

export function routingTable({ libp2p }: Network): RoutingTable {
  const dht: object = libp2p.services.dht
  if ('routingTable' in dht && dht.routingTable instanceof EventTarget) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the part of it that is used
    return dht.routingTable as RoutingTable
  }
  throw new TypeError('this kad-dht shows no routing table')
}

/** A network that is assembled but not started, so that handlers are in place before the first peer. */
export async function createNetwork(
  components: NetworkComponents,
  init: NetworkInit
): Promise<Network> {
  const { meters } = components
  const events = new EventEmitter<NetworkEvents>()
  if (meters !== undefined) countEvents(events, meters.wire)
  const guards: ConnectionGuardComponents = {
    clock: components.clock,
    traffic: meters?.traffic,
    onReached: (address) => events.emit('reached', address),
    onForeign: (contact) => events.emit('foreign', contact),
    onViolation: (violation, offender) => {
      const reason = violation instanceof Error ? violation.message : String(violation)
      components.logger.warn('closed a connection that broke the wire rules', { offender, reason })
      events.emit('violation', reason)
    }
  }
  const libp2p = await createLibp2p<NetworkServices>({
    start: false,
    privateKey: components.identity.privateKey.reveal(),
    nodeInfo: { userAgent: init.agentVersion },
    addresses: { listen: [...init.listen], announce: [...(init.announce ?? [])] },
    transports: transports(init),
    ...security(components, guards),
    connectionGater: {
      // libp2p's default for browsers refuses private addresses; a LAN consists of them.
      denyDialMultiaddr: () => false,
      ...createMembershipGater(components.membership, {
        onDenied: (peer) => events.emit('denied', peer),
        onInvite(peer, connection) {
          const invited = components.wall?.isGuest(connection) === true
          if (invited) components.onGuest(peer)
          return invited
        }
      })
    },
    ...CONNECTIONS,
    logger: createLibp2pLogger(components.libp2pLogger),
    ...(meters && { metrics: meters.libp2p.factory }),
    services: services(components, init)
  })
  return {
    libp2p,
    events,
    dialKeys: () => components.wall?.dialKeys() ?? 0,
    addresses: () => libp2p.getMultiaddrs().map(String),
    connections() {
      const open = libp2p.getConnections()
      const relay = open.filter(({ direct }) => !direct).length
      return { direct: open.length - relay, relay }
    },
    start: () => startListening(libp2p, init.listen),
    stop: async () => {
      await libp2p.stop()
    }
  }
}

function countEvents(
  events: EventEmitter<NetworkEvents>,
  { foreign, denied, violations }: Meters['wire']
): void {
  events.on('foreign', () => (foreign.of().value += 1))
  events.on('denied', () => (denied.of().value += 1))
  events.on('violation', () => (violations.of().value += 1))
}

const CONNECTIONS = {
  connectionManager: {
    maxConnections: LIMITS.connections.value,
    maxIncomingPendingConnections: LIMITS.pendingConnections.value,
    inboundConnectionThreshold: LIMITS.inboundPerHost.value,
    inboundUpgradeTimeout: LIMITS.upgradeDeadline.value,
    inboundStreamProtocolNegotiationTimeout: LIMITS.upgradeDeadline.value,
    outboundStreamProtocolNegotiationTimeout: LIMITS.upgradeDeadline.value,
    dialTimeout: LIMITS.dialDeadline.value,
    addressDialTimeout: LIMITS.addressDialDeadline.value,
    maxPeerAddrsToDial: LIMITS.addressesPerPeer.value,
    maxParallelDials: 2 * LIMITS.parallelDials.value,
    // The re-dial supervisor never gives up; libp2p's own queue does after five tries.
    reconnectRetries: 0
  },
  connectionMonitor: {
    // Sessions have pings of their own; this is for connections without one, and below the 60 s after which a silent
    // socket is closed. Each is a stream: every 10 s, a node in a crowd of a hundred opened 2.5 a second (counted).
    pingInterval: 30_000,
    // Below 15 s, a peer whose event loop is busy for a moment loses all its streams (measured).
    pingTimeout: { minTimeout: 15_000 }
  }
}

function transports(init: NetworkInit): TransportFactory[] {
  if (init.transports !== undefined) return [...init.transports]
  const inactivity = 60_000
  return [
    tcp({
      maxConnections: LIMITS.connections.value,
      backlog: LIMITS.pendingConnections.value,
      inboundSocketInactivityTimeout: inactivity,
      outboundSocketInactivityTimeout: inactivity
    }),
    webSockets(),
    circuitRelayTransport()
  ]
}

function security({ wall, membership }: NetworkComponents, guards: ConnectionGuardComponents) {
  const peers = new WeakMap<MessageStream, PeerIdText>()
  const onSecured = (link: MessageStream, peer: PeerIdText): void => void peers.set(link, peer)
  return {
    connectionProtector: () => guardedProtector(guards, wall),
    connectionEncrypters: [
      (components: Parameters<ReturnType<typeof noise>>[0]) =>
        guardedEncrypter(
          { ...guards, onSecured },
          noise({ crypto: createNoiseCrypto() })(components)
        )
    ],
    streamMuxers: [
      (parts: PartsWithRegistrar): StreamMuxerFactory => {
        const agreement = agreementOf(parts)
        const factory = (peer = ''): StreamMuxerFactory =>
          guardedYamux(
            {
              agreement: amongMembers(agreement, () => membership.isMember(peer)),
              onViolation: (violation) => guards.onViolation(violation, peer)
            },
            MUXER
          )
        const { protocol } = factory()
        return {
          protocol,
          createStreamMuxer: (link) => factory(peers.get(link)).createStreamMuxer(link)
        }
      }
    ]
  }
}

const MUXER = {
  maxInboundStreams: LIMITS.streamsPerConnection.value,
  maxOutboundStreams: LIMITS.streamsPerConnection.value,
  streamOptions: {
    initialStreamWindowSize: LIMITS.streamWindowStart.value,
    maxStreamWindowSize: LIMITS.streamWindow.value,
    maxReadBufferLength: LIMITS.streamBuffer.value,
    maxWriteBufferLength: LIMITS.streamBuffer.value
  }
}

/** Asked for each stream: who was a stranger when it connected may have been let in, or struck off. */
function amongMembers(agreement: Agreement, isMember: () => boolean): Agreement {
  return (line, isEcho) => {
    const framing = agreement(line, isEcho)
    if (framing === undefined || line === MEMBERSHIP_PROTOCOL || isMember()) return framing
    throw new StrangerRefused('only members may speak this protocol')
  }
}

interface PartsWithRegistrar {
  readonly registrar: { getProtocols(): string[] }
}

/** `hop` and `stop` say one message in each direction; from then on they are the relayed link. */
const CIRCUIT = '/libp2p/circuit/relay/'
/** Most in a message, by the specification of circuit v2. */
const CIRCUIT_BYTES = 4096

/** Our own protocols have fixed lengths and guard themselves; libp2p's have varints, but for ping. */
function agreementOf(parts: PartsWithRegistrar): Agreement {
  return (line, isEcho = false) => {
    // Looked up late: libp2p makes the muxer before the registrar.
    if (!isEcho && !parts.registrar.getProtocols().includes(line)) return undefined
    if (line === KAD_PROTOCOL) return { maxBytes: LIMITS.libp2pMessageBytes.value }
    if (line.startsWith('/lumos/') || line === '/ipfs/ping/1.0.0') return 'opaque'
    if (line.startsWith(CIRCUIT)) return { maxBytes: CIRCUIT_BYTES, messages: 1 }
    return { maxBytes: LIMITS.libp2pMessageBytes.value }
  }
}

const DHT = {
  protocol: KAD_PROTOCOL,
  peerInfoMapper: passthroughMapper,
  allowQueryWithZeroPeers: true,
  kBucketSize: KEEPERS,
  alpha: 3,
  // A lookup dials whoever it meets: 60 nodes that each look for themselves at once would build
  // a full mesh. The topology keeper brings the first peers, the table then fills from them.
  initialQuerySelfInterval: 60_000,
  querySelfInterval: 10 * 60_000,
  // Announced anew before the threshold, so that the DHT never does it by itself.
  reprovide: {
    validity: RECORD_VALIDITY_MS,
    threshold: RECORD_VALIDITY_MS / 2,
    interval: 60_000
  }
}

/** Of blame: who announces more skills than a node may have, and goes on, is not honest. */
const RECORD_POINTS = 0.25

function services(
  { blame, circle, clock, meters }: NetworkComponents,
  { relay = false, natTraversal = true, dhtClient = false }: NetworkInit
) {
  const onRefused = (peer: PeerIdText): void => blame.add(peer, RECORD_POINTS, 'DHT records')
  return {
    identify: identify(),
    ping: ping({ maxInboundStreams: 4 }),
    // Not libp2p's AutoNAT: its server closes the connection that the asker has (docs/decisions/0018).
    ...(natTraversal && { dcutr: watchedDcutr() }),
    ...(relay && { relay: relayService() }),
    dht: restrainedDht(
      { clock, onRefused, onStore: (store) => meters?.records.watch(store) },
      { ...DHT, clientMode: dhtClient }
    ),
    pubsub: gossip({ blame, circle, clock, meters: meters?.gossip })
  }
}

async function startListening(libp2p: Libp2p, listen: readonly string[]): Promise<void> {
  try {
    await libp2p.start()
  } catch (cause) {
    await libp2p.stop()
    const address = listen.join(', ')
    const reason = cause instanceof Error ? cause.message : String(cause)
    if (reason.includes('EADDRINUSE')) {
      throw new LumosError('PORT_IN_USE', { cause, details: { address } })
    }
    throw new LumosError('LISTEN_FAILED', { cause, details: { address, reason } })
  }
}
