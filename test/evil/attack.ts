/** What an attack is, and what an attacker has at hand. */
import type { Libp2p } from '@libp2p/interface'
import type { Identity } from '../../trust/identity.ts'
import type { Roll } from '../../trust/members/roll.ts'
import type { SwarmBook } from '../../trust/members/swarm-book.ts'
import type { AttackerInit } from '../support/attackers.ts'
import type { MeshNode, MeshNodeInit } from '../support/mesh-node.ts'

/** How long an attack goes on that says nothing else. */
export const ATTACK_MS = 1500

/** Name of all nodes of attackers: the members list may change by these, and by nobody else. */
export const EVIL = 'evil'

export interface Target {
  /** Multiaddr with the PeerId. */
  readonly address: string
  readonly peer: string
  readonly swarmId: string
  /** Of the space that all members may write to. */
  readonly spaceId: string
  /** 64 hex digits. */
  readonly swarmKey: string
  /** An honest peer of the victim, and one of its agents. */
  readonly honest: string
  /** Id of a grant in force that the victim gave to the honest peer. */
  readonly grant: string
  /** Path of a file that no peer may read, and what is in it. */
  readonly secretPath: string
  readonly secret: string
  /** `lumos1_…`, for many; where the swarm has a members list. */
  readonly invite: string | undefined
  /** What the `files` agent shows to anybody. */
  readonly sharedFile: { readonly path: string; readonly text: string }
}

/** Somebody who came by the invite. */
export interface Invited {
  readonly identity: Identity
  readonly book: SwarmBook
  readonly roll: Roll
}

export interface Kit {
  readonly target: Target
  /** Aborts when the attack is to end. */
  readonly signal: AbortSignal
  /** A libp2p node without our guards that holds the swarm key, unless `open`. */
  bare(init?: AttackerInit): Promise<Libp2p>
  /** A node of the swarm that can send what it likes in sessions and by gossip, connected to the victim. */
  member(init?: MeshNodeInit): Promise<MeshNode>
  /** Joins by the invite, and connects to nobody yet. @throws what the victim refuses with */
  invited(identity?: Identity): Promise<Invited>
  /** Marks a peer as one that the victim must name in its log. */
  accuse(peer: string): void
}

/** The attack did not get as far as it must to prove anything: on a busy machine it may have been too short. */
export class ShowsNothing extends Error {
  override readonly name = 'ShowsNothing'
}

export interface Attack {
  readonly name: string
  /** Of the list in docs/security.md, "Hostile peers". */
  readonly threats: readonly number[]
  /** What the victim is to do. */
  readonly expected: string
  /** The victim's user asks the agent {@link BAIT} meanwhile. */
  readonly lures?: boolean
  /** The victim's swarm has a members list, and attackers an invite. */
  readonly listed?: boolean
  /** The victim's user sends away whoever came by the invite meanwhile. */
  readonly sentAway?: boolean
  /** Default {@link ATTACK_MS}. */
  readonly durationMs?: number
  /**
   * Goes on until the signal aborts, or ends before. Throws when the attack got what it wanted.
   * Returns what it met, for the table.
   */
  run(kit: Kit): Promise<string>
}

export interface AttackReport {
  readonly met: string
  readonly accused: readonly string[]
  /** Why it counts as a success of the attacker. */
  readonly success?: string
}
