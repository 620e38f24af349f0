/** What an ensemble needs of its node: the next peer to be asked, and a task at it. */
import type { Artifact, Part } from '../../core/a2a.ts'
import type { EnsembleWish } from '../../core/ensemble.ts'
import type { Chain } from '../../core/chain.ts'
import type { LumosError } from '../../core/errors.ts'
import type { Purse } from '../../core/purse.ts'
import type { RouteChoice } from '../../core/route-choice.ts'
import type { AskedNode } from '../agent.ts'

/** One that may be asked. */
export interface ChosenPeer {
  readonly node: AskedNode
  readonly agent: string
  readonly idempotent: boolean
  /** Why this one; absent when there was no choice. */
  readonly choice?: RouteChoice
}

export interface PeerWish extends Pick<EnsembleWish, 'target' | 'where' | 'policy'> {
  readonly contextId: string
  /** PeerIds of nodes that are not to be asked. */
  readonly exclude: readonly string[]
  readonly signal: AbortSignal
}

/** What happens to a question before it is answered. */
export type PeerEvent =
  /** It is on disk here, under this id. */
  | { readonly type: 'asked'; readonly task: string }
  /** It said something, so that it is there. */
  | { readonly type: 'heard' }
  | { readonly type: 'taken' }
  /** It did not take it. It is asked again until somebody ends the wait. */
  | { readonly type: 'refused'; readonly error: LumosError }
  /** It took it, and contact is lost. It is waited for until somebody ends the wait. */
  | { readonly type: 'away'; readonly error: LumosError }

export interface PeerQuestion {
  readonly peer: ChosenPeer
  readonly parts: readonly Part[]
  /** Id of the skill that is wanted, if the caller named one. */
  readonly skill: string | undefined
  /** The task of the ensemble. */
  readonly parent: string
  readonly contextId: string
  /** For whom the ensemble was asked (core/party.ts). */
  readonly party: string | undefined
  /** Agents that asked each other before the one that is asked now. */
  readonly depth: number
  /** Who asked before, the ensemble last. */
  readonly chain: Chain
  readonly purse: Purse
  /** Milliseconds the answer may still take. */
  readonly timeoutMs: () => number
  /** Gives the question up: the task at the peer is cancelled, if need be when it is back. */
  readonly signal: AbortSignal
  readonly onEvent: (event: PeerEvent) => void
}

export interface EnsembleSwarm {
  /**
   * Whom a task would be given to now; `undefined` when all who could do it are excluded.
   *
   * @throws NO_ROUTE, AGENT_UNKNOWN, PEER_UNKNOWN, DEMANDS_UNMET when nobody could at all
   */
  choose(wish: PeerWish): Promise<ChosenPeer | undefined>
  /** Asks this peer and no other; resolves to what its task yielded, rejects with what it failed with. */
  ask(question: PeerQuestion): Promise<readonly Artifact[]>
}
