/** Gives the peer finder its hands and eyes: libp2p's dials, identify, the DHT and the sources of hints. */
import type { IdentifyResult } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Clock } from '../core/clock.ts'
import type { CounterFamily } from '../core/metrics.ts'
import type { Component } from '../core/component.ts'
import type { LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { Logger } from '../core/logger.ts'
import type { Random } from '../core/random.ts'
import { createPeerFinder } from '../discovery/peers/finder.ts'
import type { PeerFinder } from '../discovery/peers/finder.ts'
import { isLoopback } from '../discovery/peers/hint.ts'
import type { PeerHint } from '../discovery/peers/hint.ts'
import { createMdns } from '../discovery/peers/mdns.ts'
import type { Mdns } from '../discovery/peers/mdns.ts'
import { systemProcesses } from '../discovery/peers/process-table.ts'
import { createRemembered } from '../discovery/peers/remembered.ts'
import { createSameHost } from '../discovery/peers/same-host.ts'
import type { SameHost } from '../discovery/peers/same-host.ts'
import type { Sessions } from '../protocols/session/session.ts'
import type { Swarm } from '../trust/swarm.ts'
import { createDialer } from './libp2p/dialer.ts'
import { measuredDial } from './metrics/measured-dial.ts'
import { createLibp2pLogger } from './libp2p/logger.ts'
import type { Network } from './libp2p/network.ts'
import { keepsPlaceFor, relayPlaces } from './libp2p/relays.ts'
import { createStrayConnections } from './libp2p/stray-connections.ts'
import type { OpenConnection } from './libp2p/stray-connections.ts'

export interface PeerFindingComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Takes what libp2p's mDNS has to say. */
  readonly libp2pLogger?: Logger
  readonly network: Network
  readonly sessions: Sessions
  /** Counts what comes of dials. */
  readonly dials?: CounterFamily
  /** Another process has come to use the key of this node. */
  readonly onDuplicateKey: (error: LumosError) => void
}

export interface PeerFindingInit {
  readonly swarm: Pick<Swarm, 'id'>
  /** Readable node name. */
  readonly name: string
  /** Random per process start, as in HELLO. */
  readonly instance: string
  readonly bootstrap?: readonly string[]
  readonly targetPeers?: number
  /** The per-user runtime directory; without it no other node of this host is looked for. */
  readonly runtimeDirectory?: string
  /** Where addresses are remembered; without it they are not. */
  readonly dataDirectory?: string
  readonly mdns?: boolean
}

export interface PeerFinding extends Component {
  readonly finder: PeerFinder
  /** `undefined` where it is switched off. */
  readonly mdns: Mdns | undefined
}

/** Start it after the network and the sessions, stop it before them. */
export function createPeerFinding(
  components: PeerFindingComponents,
  init: PeerFindingInit
): PeerFinding {
  const { network, sessions, dials } = components
  const { libp2p } = network
  const dial = createDialer(components)
  const self = libp2p.peerId.toString()
  const finder = createPeerFinder(
    {
      ...components,
      dial: dials === undefined ? dial : measuredDial(dial, dials),
      isLocal: (peer) => isLocal(network, peer),
      isBusy: (peer) => isRelaying(network, peer),
      walk: (signal) => walk(components, signal),
      async disconnect(peer) {
        await sessions.disconnect(peer)
        await hangUp(components, peer)
      }
    },
    { self, ...init }
  )
  const { sameHost, mdns } = addSources(components, finder, init)
  const strays = createStrayConnections({
    clock: components.clock,
    connections: () => openConnections(network),
    isWanted: (peer) => sessions.get(peer) !== undefined || isRelaying(network, peer),
    hangUp: (peer) => hangUp(components, peer)
  })

  const onIdentify = ({ detail }: CustomEvent<IdentifyResult>): void => {
    const peer = detail.peerId.toString()
    const addresses = detail.listenAddrs.map(String)
    const local = isLoopback(detail.connection.remoteAddr.toString())
    // A stranger's loopback is not ours.
    finder.located(peer, local ? addresses : addresses.filter((address) => !isLoopback(address)))
  }
  const onAddresses = (): void => {
    sameHost?.publish().catch((error: unknown) => {
      components.logger.warn('the addresses were not published on this host', { error })
    })
  }

  return {
    finder,
    mdns,
    async start() {
      libp2p.addEventListener('peer:identify', onIdentify)
      await finder.start()
      await strays.start()
      libp2p.addEventListener('self:peer:update', onAddresses)
    },
    async stop() {
      libp2p.removeEventListener('self:peer:update', onAddresses)
      libp2p.removeEventListener('peer:identify', onIdentify)
      await strays.stop()
      await finder.stop()
    }
  }
}

function addSources(
  { clock, random, logger, network, onDuplicateKey, ...rest }: PeerFindingComponents,
  finder: PeerFinder,
  init: PeerFindingInit
): { readonly sameHost: SameHost | undefined; readonly mdns: Mdns | undefined } {
  const { dataDirectory, runtimeDirectory, swarm, name, instance } = init
  const self = network.libp2p.peerId.toString()
  const addresses = (): readonly string[] => network.addresses()
  if (dataDirectory !== undefined) {
    const peers = (): ReturnType<PeerFinder['known']> => finder.known()
    finder.add(
      createRemembered({ clock, logger, peers }, { directory: dataDirectory, swarm: swarm.id })
    )
  }
  const libp2pLogger = createLibp2pLogger(rest.libp2pLogger)
  const mdns =
    init.mdns === true
      ? createMdns({ clock, random, libp2pLogger, addresses }, { self, swarm: swarm.id })
      : undefined
  if (mdns !== undefined) finder.add(mdns)
  if (runtimeDirectory === undefined) return { sameHost: undefined, mdns }
  const sameHost = createSameHost(
    { clock, logger, processes: systemProcesses, addresses, onDuplicate: onDuplicateKey },
    { directory: runtimeDirectory, peer: self, swarm: swarm.id, name, instance }
  )
  finder.add(sameHost)
  return { sameHost, mdns }
}

/** A peer that does not read must not hold up the one that leaves; libp2p closes the socket then. */
const HANG_UP_MS = 2000
/** Kademlia keys are SHA-256 digests. */
const KEY_BYTES = 32

function openConnections({ libp2p }: Network): readonly OpenConnection[] {
  return libp2p
    .getConnections()
    .map(({ remotePeer, timeline }) => ({ peer: remotePeer.toString(), openedAt: timeline.open }))
}

/** Whether this node is reached through the peer, or the peer through this node. */
function isRelaying(network: Network, peer: PeerIdText): boolean {
  return (
    relayPlaces(network).some(({ relay }) => relay === peer) ||
    keepsPlaceFor(network, peerIdFromString(peer)) === true
  )
}

async function hangUp(
  { clock, logger, network }: PeerFindingComponents,
  peer: PeerIdText
): Promise<void> {
  try {
    await network.libp2p.hangUp(peerIdFromString(peer), { signal: clock.timeout(HANG_UP_MS) })
  } catch (error) {
    logger.debug('a connection did not close in order', { peer, error })
  }
}

function isLocal({ libp2p }: Network, peer: PeerIdText): boolean {
  const connections = libp2p.getConnections(peerIdFromString(peer))
  return connections.some(({ remoteAddr }) => isLoopback(remoteAddr.toString()))
}

/**
 * Peers near a random key: different ones each time, from all over the swarm.
 *
 * @yields a hint for each peer on the way
 */
async function* walk(
  { network, random }: PeerFindingComponents,
  signal: AbortSignal
): AsyncIterable<PeerHint> {
  const { libp2p } = network
  const key = random.bytes(KEY_BYTES)
  for await (const { id, multiaddrs } of libp2p.peerRouting.getClosestPeers(key, { signal })) {
    yield { peer: id.toString(), addresses: multiaddrs.map(String), foundBy: 'dht' }
  }
}
