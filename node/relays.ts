/** Reads what libp2p knows of relays, of which its interfaces tell nothing: places taken with others, and given to others. */
import type { PeerId } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { PeerIdText } from '../core/ids.ts'
import type { Network } from './libp2p.ts'

/** A relay that keeps a place for this node, so that others can come by it. */
export interface RelayPlace {
  readonly relay: PeerIdText
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** The relays that this node is to be reached by: of its configuration, or of a place it has. */
export function wantedRelays(listen: readonly string[]): readonly PeerIdText[] {
  const relays = listen.flatMap((address) => {
    const parts = multiaddr(address).getComponents()
    const at = parts.findIndex(({ name }) => name === 'p2p-circuit')
    const relay = parts[at - 1]
    return relay?.name === 'p2p' && relay.value !== undefined ? [relay.value] : []
  })
  return [...new Set(relays)]
}

export function relayPlaces({ libp2p }: Pick<Network, 'libp2p'>): readonly RelayPlace[] {
  return transportsOf(libp2p).flatMap((transport) => {
    const store = field(transport, 'reservationStore')
    const kept = field(store, 'reservations')
    if (!isIterable(kept)) return []
    return [...kept].flatMap((entry) => {
      const [relay, place]: unknown[] = Array.isArray(entry) ? entry : []
      const expire = field(field(place, 'reservation'), 'expire')
      return typeof expire === 'bigint'
        ? [{ relay: String(relay), expiresAt: Number(expire) * 1000 }]
        : []
    })
  })
}

/** Whether this node, as a relay, keeps a place for the peer; `undefined` when it is no relay. */
export function keepsPlaceFor(
  { libp2p }: Pick<Network, 'libp2p'>,
  peer: PeerId
): boolean | undefined {
  const places = field(libp2p.services['relay'], 'reservations')
  if (!hasHas(places)) return undefined
  return places.has(peer)
}

function transportsOf(libp2p: object): readonly unknown[] {
  const manager = field(field(libp2p, 'components'), 'transportManager')
  if (!hasTransports(manager)) return []
  return manager.getTransports()
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const found: unknown = Reflect.get(value, name)
  return found
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}

function hasHas(value: unknown): value is { has(peer: PeerId): boolean } {
  return typeof field(value, 'has') === 'function'
}

function hasTransports(value: unknown): value is { getTransports(): readonly unknown[] } {
  return typeof field(value, 'getTransports') === 'function'
}
