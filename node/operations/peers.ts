/** Peers on request of a person: list, connect, disconnect, ping. */
import { API_VERSION } from '../../client/api.ts'
import type { Peer, PeerDocument, PeerList, PingResult } from '../../client/api.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { peerOfAddress } from '../../discovery/peers/hint.ts'
import type { Assembly } from '../assembly.ts'
import { peerViews } from './peer-views.ts'
import { selectPeer } from './selectors.ts'

/** How often a person who waits for a connection is told of a change, at the latest. */
const LOOK_MS = 50

export function listPeers(assembly: Assembly): PeerList {
  return { v: API_VERSION, peers: peerViews(assembly) }
}

/** `address` is a multiaddr or a selector; resolves when there is a session. */
export async function connectPeer(
  assembly: Assembly,
  address: string,
  signal: AbortSignal
): Promise<PeerDocument> {
  if (!address.startsWith('/')) {
    const { id } = selectPeer(peerViews(assembly), address)
    await assembly.wire.sessions.connect(id, { signal })
    return { v: API_VERSION, peer: selectPeer(peerViews(assembly), id) }
  }
  assembly.finding.finder.pin(address)
  return { v: API_VERSION, peer: await settled(assembly, address, signal) }
}

/** The peer at a pinned address once it is connected; throws why it is not. */
async function settled(assembly: Assembly, address: string, signal: AbortSignal): Promise<Peer> {
  const { clock } = assembly.components
  const end = clock.monotonic() + LIMITS.dialDeadline.value
  const wanted = peerOfAddress(address)
  for (;;) {
    const goal = assembly.finding.finder
      .goals()
      .find(
        ({ peer, addresses }) =>
          (wanted !== undefined && peer === wanted) || addresses.includes(address)
      )
    if (goal?.peer !== undefined && assembly.wire.sessions.get(goal.peer) !== undefined) {
      return selectPeer(peerViews(assembly), goal.peer)
    }
    if (goal?.error !== undefined && goal.state !== 'connecting') throw goal.error
    const more = clock.monotonic() < end && (await clock.sleep(LOOK_MS, signal))
    if (!more) {
      signal.throwIfAborted()
      throw new LumosError('PEER_UNREACHABLE', { details: { peer: address } })
    }
  }
}

export async function disconnectPeer(assembly: Assembly, selector: string): Promise<PeerDocument> {
  const peer = selectPeer(peerViews(assembly), selector)
  assembly.finding.finder.unpin(peer.id)
  await assembly.wire.sessions.disconnect(peer.id)
  return { v: API_VERSION, peer: { ...peer, state: 'disconnected', rttMs: null } }
}

/** Times an empty call there and back, connecting if necessary. */
export async function pingPeer(
  { wire, components, ...rest }: Assembly,
  selector: string,
  signal: AbortSignal
): Promise<PingResult> {
  const { id, name } = selectPeer(peerViews({ wire, components, ...rest }), selector)
  const session = await wire.sessions.connect(id, { signal })
  const start = components.clock.monotonic()
  await session.request(PING_METHOD, new Uint8Array(), { signal })
  const rttMs = components.clock.monotonic() - start
  return { v: API_VERSION, id, name: session.hello.name || name, rttMs, path: session.path }
}

/** Answers with what it was sent: the way there and back through a whole session. */
export const PING_METHOD = 'node.ping'
