/**
 * Dials a peer by its id where it was, and if it is not there, where others say that it is: libp2p asks the DHT
 * only for peers of which it knows no address at all, and what it knows may be of yesterday.
 */
import type { Libp2p, PeerId } from '@libp2p/interface'
import type { KadDHT } from '@libp2p/kad-dht'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../core/clock.ts'
import type { RawConnection, RawNode } from '../protocols/frames/raw-stream.ts'

/** An address that does not answer within this is perhaps no longer the peer's: LAN and Internet answer in 0.3 s. */
const PATIENCE_MS = 1000
/** A walk to the closest nodes, which meet the peer when it comes back (`dhtFind` is as long). */
const SEARCH_MS = 3000

export interface MovedPeersComponents {
  readonly clock: Clock
  readonly libp2p: Libp2p<{ readonly dht: Pick<KadDHT, 'findPeer'> }>
}

export function followingMoved(components: MovedPeersComponents): RawNode {
  const { libp2p } = components
  return {
    peerId: libp2p.peerId,
    handle: libp2p.handle.bind(libp2p),
    unhandle: libp2p.unhandle.bind(libp2p),
    getConnections: (peer) => libp2p.getConnections(peer),
    async dial(peer, { signal }) {
      const known = await addressesOf(libp2p, peer)
      const isOpen = libp2p.getConnections(peer).length > 0
      return isOpen || known.length === 0
        ? libp2p.dial(peer, { signal })
        : dialOrFollow(components, { peer, known }, signal)
    }
  }
}

interface Target {
  readonly peer: PeerId
  /** Where it was. */
  readonly known: readonly Multiaddr[]
}

async function dialOrFollow(
  { clock, libp2p }: MovedPeersComponents,
  { peer, known }: Target,
  signal: AbortSignal
): Promise<RawConnection> {
  const there = new AbortController()
  const dialled = libp2p.dial(peer, { signal: AbortSignal.any([signal, there.signal]) })
  if (!(await isLate(clock, dialled, signal))) return dialled
  const searching = AbortSignal.any([signal, clock.timeout(SEARCH_MS)])
  const moved = await newAddresses(libp2p, { peer, known }, searching)
  if (moved.length === 0) return dialled
  there.abort()
  await dialled.catch(() => undefined)
  return libp2p.dial([...moved], { signal })
}

/** Whether the dial failed, or takes long; false when the signal ended it. */
async function isLate(
  clock: Clock,
  dialled: Promise<unknown>,
  signal: AbortSignal
): Promise<boolean> {
  const ended = new AbortController()
  const failed = dialled.then(
    () => false,
    () => !signal.aborted
  )
  const late = clock.sleep(PATIENCE_MS, AbortSignal.any([signal, ended.signal]))
  return Promise.race([failed, late]).finally(() => ended.abort())
}

/** Of the first that has any: those that know no better name the addresses that are known here. */
async function newAddresses(
  libp2p: MovedPeersComponents['libp2p'],
  { peer, known }: Target,
  signal: AbortSignal
): Promise<readonly Multiaddr[]> {
  const old = new Set(known.map((address) => bare(address, peer)))
  try {
    for await (const event of libp2p.services.dht.findPeer(peer, { signal, useCache: false })) {
      if (event.name !== 'FINAL_PEER') continue
      const fresh = event.peer.multiaddrs.filter((address) => !old.has(bare(address, peer)))
      if (fresh.length > 0) return fresh.map((address) => withPeer(address, peer))
    }
  } catch {
    // Nobody knows, or not in time: what the first dial says is the answer.
  }
  return []
}

async function addressesOf(
  { peerStore }: MovedPeersComponents['libp2p'],
  peer: PeerId
): Promise<readonly Multiaddr[]> {
  try {
    const { addresses } = await peerStore.get(peer)
    return addresses.map(({ multiaddr }) => multiaddr)
  } catch {
    return []
  }
}

function bare(address: Multiaddr, peer: PeerId): string {
  return address.toString().replace(`/p2p/${peer.toString()}`, '')
}

function withPeer(address: Multiaddr, peer: PeerId): Multiaddr {
  const suffix = `/p2p/${peer.toString()}`
  return address.toString().endsWith(suffix) ? address : address.encapsulate(suffix)
}
