/** Gives the search for ways to this node its hands and eyes: sessions, identify, and libp2p's places with relays. */
import { peerIdFromString } from '@libp2p/peer-id'
import type { Clock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { Logger } from '../core/logger.ts'
import { isLoopback } from '../discovery/peers/hint.ts'
import type { Session, Sessions } from '../protocols/session/session.ts'
import type { Network } from './libp2p/network.ts'
import { askDial } from './operations/doctor/witness.ts'
import { createReachability } from './reachability.ts'
import type { NearPeer } from './reachability.ts'
import {
  announcePlaces,
  confirmAddress,
  relayPlaces,
  takePlace,
  wantedRelays
} from './libp2p/relays.ts'

export interface ReachComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly network: Network
  readonly sessions: Sessions
}

export interface ReachInit {
  readonly listen: readonly string[]
  readonly announce: readonly string[]
  readonly natTraversal: boolean
  readonly dht: 'auto' | 'client' | 'server'
}

/** Of libp2p's circuit relay v2: who speaks it is a relay. */
const HOP_PROTOCOL = '/libp2p/circuit/relay/0.2.0/hop'

/** Start it after the network and the sessions. */
export function createReach(components: ReachComponents, init: ReachInit): Component {
  const { clock, logger, network, sessions } = components
  const { libp2p } = network
  const reachability = createReachability(
    {
      clock,
      logger,
      peers: () => nearPeers(components),
      askDial: (peer, signal) => dialledBack(sessions.get(peer), signal),
      confirm: (address) => confirmAddress(network, address),
      async onTried(reached) {
        // Whoever looks for a record would wait for it in vain.
        if (init.dht === 'auto') await libp2p.services.dht.setMode(reached ? 'server' : 'client')
      },
      places: () => new Set(relayPlaces(network).map(({ relay }) => relay)),
      takePlace: (relay) => takePlace(network, relay)
    },
    {
      configured: wantedRelays(init.listen),
      asks: init.natTraversal && init.announce.length === 0
    }
  )
  const poke = (): void => reachability.poke()
  let leave: (() => void) | undefined

  return {
    async start() {
      if (leave !== undefined) return
      const stopAnnouncing = announcePlaces(network, poke)
      sessions.events.on('opened', poke)
      libp2p.addEventListener('peer:identify', poke)
      leave = () => {
        stopAnnouncing()
        sessions.events.off('opened', poke)
        libp2p.removeEventListener('peer:identify', poke)
      }
      await reachability.start()
    },
    async stop() {
      leave?.()
      leave = undefined
      await reachability.stop()
    }
  }
}

/** Those of this host reach it by its loopback, whatever is between it and the others. */
async function nearPeers({ network, sessions }: ReachComponents): Promise<readonly NearPeer[]> {
  const direct = sessions.all().filter(({ path }) => path === 'direct')
  const near = direct.filter(({ peer }) => isElsewhere(network, peer))
  return Promise.all(
    near.map(async ({ peer }) => ({ peer, isRelay: await isRelay(network, peer) }))
  )
}

function isElsewhere({ libp2p }: Network, peer: PeerIdText): boolean {
  const connections = libp2p.getConnections(peerIdFromString(peer))
  return connections.some(({ direct, remoteAddr }) => direct && !isLoopback(remoteAddr.toString()))
}

async function isRelay({ libp2p }: Network, peer: PeerIdText): Promise<boolean> {
  const known = await libp2p.peerStore.get(peerIdFromString(peer)).catch(() => undefined)
  return known?.protocols.includes(HOP_PROTOCOL) === true
}

async function dialledBack(
  session: Session | undefined,
  signal: AbortSignal
): Promise<readonly string[] | undefined> {
  if (session === undefined) return undefined
  const { dialled, reason } = await askDial(session, signal)
  if (reason === 'busy') return undefined
  return dialled.flatMap(({ address, ok }) => (ok ? [address] : []))
}
