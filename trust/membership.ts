/** Decides which peers may stay connected, once the Noise handshake has proved who they are. */
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'

/**
 * Where somebody stands who has proved its PeerId: on the list of members, struck off it, or not on
 * it as far as this node knows, which may be because the news has not come yet.
 */
export type ListStanding = 'in' | 'out' | 'unknown'

/** Who may be connected. */
export interface Membership {
  /** False for who is blocked here or struck off the list. */
  admits(peer: PeerIdText): boolean
  /** Others may only say why they should be let in. */
  isMember(peer: PeerIdText): boolean
  block(peer: PeerIdText): void
  unblock(peer: PeerIdText): void
  blocked(): readonly PeerIdText[]
}

export interface MembershipInit {
  readonly blocked?: Iterable<PeerIdText>
  /** Without a list, whoever holds the swarm key is in. */
  readonly standingOf?: (peer: PeerIdText) => ListStanding
}

export function createMembership({
  blocked: initial = [],
  standingOf = () => 'in'
}: MembershipInit = {}): Membership {
  const blocked = new Set<PeerIdText>()

  function block(peer: PeerIdText): void {
    if (blocked.size >= LIMITS.blockedPeers.value && !blocked.has(peer)) {
      throw new TypeError(`more than ${LIMITS.blockedPeers.value} blocked peers`)
    }
    blocked.add(peer)
  }

  for (const peer of initial) block(peer)
  return {
    admits: (peer) => !blocked.has(peer) && standingOf(peer) !== 'out',
    isMember: (peer) => !blocked.has(peer) && standingOf(peer) === 'in',
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
  denyInboundEncryptedConnection(peer: PeerIdLike, connection: object): boolean
  denyOutboundEncryptedConnection(peer: PeerIdLike): boolean
}

export interface MembershipGaterInit {
  /** Hears of each refusal. */
  readonly onDenied?: (peer: PeerIdText) => void
  /** Whether a connection came by the door of an invite: even who was struck off may be invited again. */
  readonly onInvite?: (peer: PeerIdText, connection: object) => boolean
}

/** Both directions are gated after encryption, since a PeerId is only known for certain then. */
export function createMembershipGater(
  membership: Membership,
  { onDenied, onInvite }: MembershipGaterInit = {}
): MembershipGater {
  function deny(peer: PeerIdLike): boolean {
    const text = peer.toString()
    if (membership.admits(text)) return false
    onDenied?.(text)
    return true
  }
  return {
    denyDialPeer: deny,
    denyInboundEncryptedConnection: (peer, connection) =>
      onInvite?.(peer.toString(), connection) === true
        ? membership.blocked().includes(peer.toString())
        : deny(peer),
    denyOutboundEncryptedConnection: deny
  }
}
