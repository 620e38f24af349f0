/** A skill that was found, and who has it. */
import type { AgentSkill } from '../../core/a2a.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { VerifiedCard } from '../../trust/card-signature.ts'
import type { Match } from './query.ts'

export interface Provider {
  readonly peer: PeerIdText
  /** Node name. */
  readonly name: string
  readonly agentId: string
  readonly skill: AgentSkill
  readonly match: Match
  /** 0 to 1; higher fits better. */
  readonly score: number
  readonly load: number | undefined
  readonly slots: number | undefined
  readonly local: boolean
  /** Whether a session with the peer is open; true for this node. */
  readonly connected: boolean
  /** Milliseconds since the peer was last heard of. */
  readonly freshMs: number
  readonly card: VerifiedCard
}

/** Which skill of which agent it is. */
export function keyOf({ peer, agentId, skill }: Provider): string {
  return `${peer} ${agentId} ${skill.id}`
}
