/** What an attack is, and what an attacker has at hand. */
import type { Libp2p } from '@libp2p/interface'
import type { AttackerInit } from '../support/attackers.ts'
import type { MeshNode, MeshNodeInit } from '../support/mesh-node.ts'

/** How long an attack goes on that says nothing else. */
export const ATTACK_MS = 1500

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
  /** Path of a file that no peer may read, and what is in it. */
  readonly secretPath: string
  readonly secret: string
  /** What the `files` agent shows to anybody. */
  readonly sharedFile: { readonly path: string; readonly text: string }
}

export interface Kit {
  readonly target: Target
  /** Aborts when the attack is to end. */
  readonly signal: AbortSignal
  /** A libp2p node without our guards that holds the swarm key, unless `open`. */
  bare(init?: AttackerInit): Promise<Libp2p>
  /** A node of the swarm that can send what it likes in sessions and by gossip, connected to the victim. */
  member(init?: MeshNodeInit): Promise<MeshNode>
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
