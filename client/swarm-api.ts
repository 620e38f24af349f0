/** The control API's documents about the swarm: who is in it, and the invites of this node. */

interface Versioned {
  readonly v: 1
}

export type SwarmRole = 'owner' | 'admin' | 'member' | 'worker' | 'client' | 'relay'

export type InviteRole = 'member' | 'worker' | 'client' | 'relay'

/** A role, or how a node ceased to have one. */
export type SwarmStanding = SwarmRole | 'removed' | 'left'

export interface SwarmMember {
  readonly id: string
  /** PeerIds that it had before this one, the last first: `lumos keys rotate`. */
  readonly former: readonly string[]
  /** Empty for one that nobody has told of. */
  readonly name: string
  readonly standing: SwarmStanding
  /** PeerId of who said so. */
  readonly by: string
  /** ISO 8601. */
  readonly since: string
  readonly connected: boolean
}

export interface SwarmInvite {
  readonly id: string
  readonly role: InviteRole
  /** ISO 8601. */
  readonly expiresAt: string
  readonly uses: number
  readonly used: number
}

export interface SwarmDocument extends Versioned {
  readonly swarm: {
    readonly name: string
    readonly id: string
    /** `open`: no key. `key`: whoever has the key is in it. `members`: whoever is on the list. */
    readonly kind: 'open' | 'key' | 'members'
    /** Of this node; null when it is out. */
    readonly role: SwarmRole | null
    /** PeerId; null without a list. */
    readonly owner: string | null
    /** How often the key has changed, and whether this node has the last one. */
    readonly key: { readonly epoch: number; readonly known: boolean }
  }
  /** Empty without a list. */
  readonly members: readonly SwarmMember[]
  readonly invites: readonly SwarmInvite[]
}

export interface InviteRequest {
  /** Default: `member`. */
  readonly role?: InviteRole
  /** Default: a day. */
  readonly lifetimeMs?: number
  /** Default: 1. */
  readonly uses?: number
}

export interface InviteDocument extends Versioned {
  readonly invite: SwarmInvite
  /** `lumos1_…`: whoever has it can join. */
  readonly text: string
  /** Whether this was the first: from now on the swarm has a list of members. */
  readonly founded: boolean
}

export interface MemberRoleRequest {
  readonly role: Exclude<SwarmRole, 'owner'>
}
