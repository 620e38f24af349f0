/** Peers that a person asks about, does not want, or wants again. */
import { peerIdFromString } from '@libp2p/peer-id'
import { API_VERSION } from '../../client/api.ts'
import type { Peer } from '../../client/api.ts'
import type { BlockRequest, PeerBlock, PeerDetails } from '../../client/peers-api.ts'
import { LumosError, toLumosError, invalidRequest } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Block } from '../../trust/blocklist.ts'
import { quotasOf } from '../../trust/role-quotas.ts'
import type { Assembly } from '../assembly.ts'
import { peerViews } from './peer-views.ts'
import { selectPeer } from './selectors.ts'

export function showPeer(assembly: Assembly, selector: string): PeerDetails {
  return detailsOf(assembly, selectPeer(peerViews(assembly), selector))
}

export async function blockPeer(
  assembly: Assembly,
  selector: string,
  { reason, forMs }: BlockRequest
): Promise<PeerDetails> {
  const { wire, components, finding } = assembly
  const peer = idOf(assembly, selector)
  // Of an address where nobody has answered yet.
  if (peer === '') throw new LumosError('PEER_UNKNOWN', { details: { peer: selector } })
  if (peer === wire.identity.peer) {
    throw invalidRequest('a node cannot block itself')
  }
  finding.finder.unpin(peer)
  await wire.blocking.block({
    peer,
    ...(reason !== undefined && { reason }),
    ...(forMs !== undefined && { until: components.clock.now() + forMs })
  })
  return showPeer(assembly, peer)
}

export async function unblockPeer(assembly: Assembly, selector: string): Promise<PeerDetails> {
  const peer = selectPeer(peerViews(assembly), selector)
  await assembly.wire.blocking.unblock(peer.id)
  const now = peerViews(assembly).find(({ id }) => id === peer.id)
  return detailsOf(assembly, now ?? { ...peer, state: 'disconnected' })
}

/** Also that of a peer that this node has never met. */
function idOf(assembly: Assembly, selector: string): PeerIdText {
  try {
    return selectPeer(peerViews(assembly), selector).id
  } catch (error) {
    if (toLumosError(error).code !== 'PEER_UNKNOWN' || !isPeerId(selector)) throw error
    return selector
  }
}

function isPeerId(text: string): boolean {
  try {
    return peerIdFromString(text).toString() === text
  } catch {
    return false
  }
}

function detailsOf({ wire }: Assembly, peer: Peer): PeerDetails {
  const block = wire.blocking.of(peer.id)
  const blame = wire.blame.of(peer.id)
  const role = wire.nodeSwarm.roleOf(peer.id)
  return {
    v: API_VERSION,
    peer,
    ...(role !== undefined && { role }),
    quotas: { ...quotasOf(role) },
    ...(block && { block: blockView(block) }),
    ...(blame && { blame })
  }
}

function blockView({ at, reason, until }: Block): PeerBlock {
  return {
    at: new Date(at).toISOString(),
    ...(reason !== undefined && { reason }),
    ...(until !== undefined && { until: new Date(until).toISOString() })
  }
}
