/** Decides which peers may stay connected, once the Noise handshake has proved who they are. */
import type { PeerIdText } from '../core/ids.ts'

/**
 * Who is let in. Holding the swarm key is proved by the connection itself (pnet), so that today
 * only peers this node has blocked are kept out.
 */
export interface Membership {
  admits(peer: PeerIdText): boolean
  block(peer: PeerIdText): void
  unblock(peer: PeerIdText): void
  blocked(): readonly PeerIdText[]
}

/** A person keeps this list; a list this long should be a new swarm key instead. */
const MAX_BLOCKED_PEERS = 10_000

export function createMembership(
  init: { readonly blocked?: Iterable<PeerIdText> } = {}
): Membership {
  const blocked = new Set<PeerIdText>()

  function block(peer: PeerIdText): void {
    if (blocked.size >= MAX_BLOCKED_PEERS && !blocked.has(peer)) {
      throw new TypeError(`more than ${MAX_BLOCKED_PEERS} blocked peers`)
    }
    blocked.add(peer)
  }

  for (const peer of init.blocked ?? []) block(peer)
  return {
    admits: (peer) => !blocked.has(peer),
    block,
    unblock: (peer) => void blocked.delete(peer),
    blocked: () => [...blocked]
  }
}

/** The part of a libp2p PeerId that the gate looks at. */
interface PeerIdLike {
  toString(): string
}

/** Fits libp2p's `connectionGater`. */
export interface MembershipGater {
  denyDialPeer(peer: PeerIdLike): boolean
  denyInboundEncryptedConnection(peer: PeerIdLike): boolean
  denyOutboundEncryptedConnection(peer: PeerIdLike): boolean
}

/**
 * Both directions are gated after encryption, since a PeerId is only known for certain then;
 * `onDenied` hears of each refusal.
 */
export function createMembershipGater(
  membership: Membership,
  onDenied: (peer: PeerIdText) => void = () => undefined
): MembershipGater {
  function deny(peer: PeerIdLike): boolean {
    const text = peer.toString()
    if (membership.admits(text)) return false
    onDenied(text)
    return true
  }
  return {
    denyDialPeer: deny,
    denyInboundEncryptedConnection: deny,
    denyOutboundEncryptedConnection: deny
  }
}
