/** What libp2p knows and does of relays, of which its interfaces tell nothing: places taken with others, and given to others. */
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { PeerIdText } from '../../core/ids.ts'
import { isLoopback } from '../../discovery/peers/hint.ts'
import type { Network } from './network.ts'

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
  const kept = field(placeStore(libp2p), 'reservations')
  if (!isIterable(kept)) return []
  return [...kept].flatMap((entry) => {
    const [relay, place]: unknown[] = Array.isArray(entry) ? entry : []
    const expire = field(field(place, 'reservation'), 'expire')
    return typeof expire === 'bigint'
      ? [{ relay: String(relay), expiresAt: Number(expire) * 1000 }]
      : []
  })
}

/** Takes a place with a connected relay, which libp2p renews while the connection lasts. */
export async function takePlace(
  { libp2p }: Pick<Network, 'libp2p'>,
  relay: PeerIdText
): Promise<void> {
  const store = placeStore(libp2p)
  if (!isPlaceStore(store)) throw new TypeError('this libp2p takes no places with relays')
  // A relay whose connection broke while it was asked would never be asked again.
  Reflect.set(store, 'relayFilter', { has: () => false, add: () => undefined })
  await store.addRelay(peerIdFromString(relay), 'configured')
}

/** Addresses told of one relay: a peer keeps few of each peer. */
const ADDRESSES_PER_RELAY = 2

/** Has others told by which relays this node is reached, and no longer, until the returned function is called. */
export function announcePlaces(
  { libp2p }: Pick<Network, 'libp2p'>,
  onLost: () => void
): () => void {
  const store = placeStore(libp2p)
  const manager = addressManager(libp2p)
  if (!isPlaceStore(store) || manager === undefined) return () => undefined
  const told = new Map<PeerIdText, readonly string[]>()

  const withdraw = (relay: PeerIdText): void => {
    for (const address of told.get(relay) ?? []) manager.removeObservedAddr(multiaddr(address))
    told.delete(relay)
  }
  const onTaken = (event: Event): void => {
    const { relay, addresses } = takenPlace(event)
    const before = told.get(relay) ?? []
    if (before.join() === addresses.join()) return
    withdraw(relay)
    told.set(relay, addresses)
    for (const address of addresses) confirmObserved(manager, address)
  }
  const onRemoved = (event: Event): void => {
    withdraw(takenPlace(event).relay)
    onLost()
  }
  store.addEventListener('relay:created-reservation', onTaken)
  store.addEventListener('relay:removed', onRemoved)
  return () => {
    store.removeEventListener('relay:created-reservation', onTaken)
    store.removeEventListener('relay:removed', onRemoved)
  }
}

/** Who gave the place, and where others come by it: first as this node itself reaches the relay. */
function takenPlace(event: Event): { relay: PeerIdText; addresses: readonly string[] } {
  const place = field(event, 'detail')
  const encoded = field(field(field(place, 'details'), 'reservation'), 'addrs')
  const all = (Array.isArray(encoded) ? encoded : []).flatMap((bytes: unknown) =>
    bytes instanceof Uint8Array ? [multiaddr(bytes).encapsulate('/p2p-circuit').toString()] : []
  )
  const [first = ''] = all
  const usable = isLoopback(first) ? all : all.filter((address) => !isLoopback(address))
  return {
    relay: String(field(place, 'relay')),
    addresses: [...new Set(usable)].slice(0, ADDRESSES_PER_RELAY)
  }
}

/** Has others told an address that a peer reached this node at. Private ones are told anyway. */
export function confirmAddress({ libp2p }: Pick<Network, 'libp2p'>, address: string): void {
  const own = libp2p.getMultiaddrs().some((known) => known.toString().startsWith(`${address}/`))
  if (own) return
  const manager = addressManager(libp2p)
  if (manager === undefined) return
  if (!listenAddresses(libp2p).includes(address)) confirmObserved(manager, address)
  else manager.confirmObservedAddr(multiaddr(address), { type: 'transport' })
}

/** libp2p forgets that an address was confirmed when a peer first says it saw this node there; so that comes first. */
function confirmObserved(manager: AddressManager, address: string): void {
  const parsed = multiaddr(address)
  manager.addObservedAddr(parsed)
  manager.confirmObservedAddr(parsed, { type: 'observed' })
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

interface PlaceStore extends EventTarget {
  addRelay(relay: PeerId, type: 'configured'): Promise<unknown>
}

interface AddressManager {
  addObservedAddr(address: ReturnType<typeof multiaddr>): void
  confirmObservedAddr(
    address: ReturnType<typeof multiaddr>,
    how: { readonly type: 'transport' | 'observed' }
  ): void
  removeObservedAddr(address: ReturnType<typeof multiaddr>): void
}

/** Of the relay transport; `undefined` where there is none. */
function placeStore(libp2p: object): unknown {
  return transportsOf(libp2p)
    .map((transport) => field(transport, 'reservationStore'))
    .find((store) => store !== undefined)
}

function addressManager(libp2p: object): AddressManager | undefined {
  const manager = field(field(libp2p, 'components'), 'addressManager')
  return isAddressManager(manager) ? manager : undefined
}

/** Of all interfaces, whether or not others are told. */
function listenAddresses(libp2p: object): readonly string[] {
  const manager = field(field(libp2p, 'components'), 'transportManager')
  return hasAddresses(manager) ? manager.getAddrs().map(String) : []
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

function hasAddresses(value: unknown): value is { getAddrs(): readonly unknown[] } {
  return typeof field(value, 'getAddrs') === 'function'
}

function isPlaceStore(value: unknown): value is PlaceStore {
  return value instanceof EventTarget && typeof field(value, 'addRelay') === 'function'
}

function isAddressManager(value: unknown): value is AddressManager {
  return ['addObservedAddr', 'confirmObservedAddr', 'removeObservedAddr'].every(
    (name) => typeof field(value, name) === 'function'
  )
}
