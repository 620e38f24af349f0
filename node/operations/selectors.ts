/** Turns what a person calls a node (name, PeerId, or the beginning of one) into the peer meant. */
import type { Peer } from '../../client/api.ts'
import { LumosError } from '../../core/errors.ts'

/** Shorter beginnings of a PeerId fit too many. */
const MIN_PREFIX = 6

/** Throws PEER_UNKNOWN or PEER_AMBIGUOUS. PeerIds are told apart at their end, so that fits, too. */
export function selectPeer(peers: readonly Peer[], selector: string): Peer {
  const exact = peers.filter(({ id, name }) => id === selector || name === selector)
  const fitting = exact.length > 0 ? exact : peers.filter(({ id }) => isPartOf(id, selector))
  const [first, second] = fitting
  if (first === undefined) throw new LumosError('PEER_UNKNOWN', { details: { peer: selector } })
  if (second === undefined) return first
  throw new LumosError('PEER_AMBIGUOUS', { details: { peer: selector, count: fitting.length } })
}

function isPartOf(id: string, selector: string): boolean {
  return (
    selector.length >= MIN_PREFIX && id !== '' && (id.startsWith(selector) || id.endsWith(selector))
  )
}
