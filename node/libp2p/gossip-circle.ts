/**
 * Keeps gossip among peers that have a session with each other. Lookups of the DHT dial strangers and leave them again:
 * with each of them gossipsub would open streams, tell it all subscriptions and take it into meshes that soon break.
 */
import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub'
import type { PeerIdText } from '../../core/ids.ts'
import type { Sessions } from '../../protocols/session/session.ts'
import { replaced } from './replaced.ts'

type Registrar = GossipSubComponents['registrar']
type Topology = Parameters<Registrar['register']>[1]
type CreateGossip = (components: GossipSubComponents) => GossipSub

export interface GossipCircle {
  /** The same gossip, told of peers in the circle only. A peer that opens a stream to it is heard all the same. */
  around(create: CreateGossip): CreateGossip
  /** Who has a session is in the circle. */
  follow(sessions: Pick<Sessions, 'events' | 'get'>): void
}

export function createGossipCircle(): GossipCircle {
  let followed: Pick<Sessions, 'get'> | undefined
  /** Tell gossip of a peer that is connected and speaks it. */
  const introductions = new Map<PeerIdText, () => unknown>()

  function within(topology: Topology): Topology {
    return {
      ...topology,
      onConnect(peer, connection) {
        const introduce = () => topology.onConnect?.(peer, connection)
        introductions.set(peer.toString(), introduce)
        return followed?.get(peer.toString()) === undefined ? undefined : introduce()
      },
      onDisconnect(peer) {
        introductions.delete(peer.toString())
        return topology.onDisconnect?.(peer)
      }
    }
  }

  return {
    around: (create) => (components) => {
      const { registrar } = components
      const register: Registrar['register'] = (protocol, topology, options) =>
        registrar.register(protocol, within(topology), options)
      return create(replaced(components, { registrar: replaced(registrar, { register }) }))
    },
    follow(sessions) {
      followed = sessions
      sessions.events.on('opened', ({ peer }) => introductions.get(peer)?.())
    }
  }
}
