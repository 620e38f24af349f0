/**
 * Dials a peer by its id: where it says that it is, else where it was, and if it is not there, where others
 * have met it. libp2p asks the DHT only for peers of which it knows no address at all, and what it
 * knows may be of yesterday.
 */
import type { Libp2p, PeerId } from '@libp2p/interface'
import type { KadDHT } from '@libp2p/kad-dht'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { usableAddresses } from '../../discovery/peers/hint.ts'
import type { RawConnection, RawNode } from '../../protocols/frames/raw-stream.ts'

/** A walk to the closest nodes, which meet the peer when it comes back; it dials some of them. */
const SEARCH_MS = 3000

export interface MovedPeersComponents {
  readonly clock: Clock
  readonly libp2p: Libp2p<{ readonly dht: Pick<KadDHT, 'findPeer'> }>
  /** Multiaddrs where the peer said that it is. */
  readonly addressesOf: (peer: PeerIdText) => readonly string[]
}

export function followingMoved(components: MovedPeersComponents): RawNode {
  const { libp2p } = components
  return {
    peerId: libp2p.peerId,
    handle: libp2p.handle.bind(libp2p),
    unhandle: libp2p.unhandle.bind(libp2p),
    getConnections: (peer) => libp2p.getConnections(peer),
    async dial(peer, { signal }) {
      if (libp2p.getConnections(peer).length > 0) return libp2p.dial(peer, { signal })
      const told = saidAddresses(components, peer)
      const known = await storedAddresses(components, peer)
      const first = told.length > 0 ? told : known
      if (first.length === 0) return libp2p.dial(peer, { signal })
      return dialOrFollow(components, { peer, first, known }, signal)
    }
  }
}

interface Target {
  readonly peer: PeerId
  readonly first: readonly string[]
  /** Where it was once. */
  readonly known: readonly string[]
}

async function dialOrFollow(
  components: MovedPeersComponents,
  { peer, first, known }: Target,
  signal: AbortSignal
): Promise<RawConnection> {
  const { clock, libp2p } = components
  const there = new AbortController()
  const answered = new AbortController()
  const dialled = libp2p.dial(addressed(first, peer), {
    signal: AbortSignal.any([signal, there.signal]),
    onProgress({ type }) {
      // It lives, however busy it is: a search would be work for others that are as busy.
      if (type === 'upgrader:encrypt-outbound-connection') answered.abort()
    }
  })
  const ended = AbortSignal.any([signal, answered.signal])
  const isGone = await isLost(dialled, clock.sleep(LIMITS.connectDeadline.value, ended))
  answered.abort()
  if (!isGone || signal.aborted) return dialled
  const searching = AbortSignal.any([signal, clock.timeout(SEARCH_MS)])
  const found = await search(components, { peer, first, known }, searching)
  const others = [...new Set([...found, ...known])].filter((address) => !first.includes(address))
  if (others.length === 0) return dialled
  there.abort()
  await dialled.catch(() => undefined)
  // The first may be slow and right.
  const all = [...others, ...first].slice(0, LIMITS.addressesPerPeer.value)
  return libp2p.dial(addressed(all, peer), { signal })
}

/** Whether the dial failed, or `silence` passed; it resolves to false when somebody answers, and the dial decides. */
async function isLost(dialled: Promise<unknown>, silence: Promise<boolean>): Promise<boolean> {
  const failed = dialled.then(
    () => false,
    () => true
  )
  const isSilent = await Promise.race([failed, silence])
  return isSilent || failed
}

/** Where the first of the closest nodes that knows more than is known here has met it. */
async function search(
  { libp2p }: MovedPeersComponents,
  { peer, first, known }: Target,
  signal: AbortSignal
): Promise<readonly string[]> {
  const old = new Set([...first, ...known])
  try {
    for await (const event of libp2p.services.dht.findPeer(peer, { signal, useCache: false })) {
      if (event.name !== 'FINAL_PEER') continue
      const named = usableAddresses(event.peer.multiaddrs.map(String), peer.toString())
      const fresh = named.filter((address) => !old.has(address))
      if (fresh.length > 0) return fresh
    }
  } catch {
    // Nobody knows, or not in time: what the first dial says is the answer.
  }
  return []
}

function saidAddresses({ addressesOf }: MovedPeersComponents, peer: PeerId): readonly string[] {
  const id = peer.toString()
  return usableAddresses(addressesOf(id), id)
}

async function storedAddresses(
  { libp2p }: MovedPeersComponents,
  peer: PeerId
): Promise<readonly string[]> {
  try {
    const { addresses } = await libp2p.peerStore.get(peer)
    return usableAddresses(
      addresses.map((address) => address.multiaddr.toString()),
      peer.toString()
    )
  } catch {
    return []
  }
}

function addressed(addresses: readonly string[], peer: PeerId): Multiaddr[] {
  return addresses.map((address) => multiaddr(`${address}/p2p/${peer.toString()}`))
}
