/** Whether a task may be done here, for whom, and within which bounds: the port that the node's policy fulfils. */
import { askersOf } from '../../core/chain.ts'
import type { Chain } from '../../core/chain.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Principal } from '../../core/principal.ts'
import type { BehalfProof } from '../../protocols/a2a/behalf.ts'
import type { TaskRecord } from './task-store.ts'

export interface TaskWish {
  readonly id: string
  readonly caller: PeerIdText
  readonly agentId: string
  /** Id of the skill that the message names. */
  readonly skill: string | undefined
  readonly chain: Chain
  /** Agents that asked each other before this one. */
  readonly depth: number
  /** Signatures of those that passed it on, as the caller sent them. */
  readonly proof?: BehalfProof
}

/** The first of the two calls counts. */
export interface TaskPermission {
  /** What its caller wanted, and no more than it may. */
  readonly chain: Chain
  /** Whether the first in the chain has signed that those after it act for it. */
  readonly proven: boolean
  /** The task has ended. */
  end(): void
  /** It was not accepted, for another reason. */
  undo(): void
}

export interface TaskGate {
  /** @throws FORBIDDEN, BEHALF_INVALID, OVERLOADED */
  admit(wish: TaskWish): TaskPermission | Promise<TaskPermission>
  /**
   * Whether its caller may say more to a task that was admitted: what let it in may be gone. Those on whose
   * behalf it asks are not judged again.
   *
   * @throws FORBIDDEN
   */
  checkTurn(wish: Pick<TaskWish, 'caller' | 'agentId' | 'skill'>): void
}

/** For a node that asks nobody. */
export const OPEN_GATE: TaskGate = {
  admit: ({ chain }) => ({ chain, proven: false, end: () => {}, undo: () => {} }),
  checkTurn: () => {}
}

/** Whom a task is done for; its caller is proved by the connection. */
export function principalOf(
  chain: Chain,
  { caller, proven }: Pick<TaskRecord, 'caller' | 'proven'>
): Principal {
  const [peer = caller, ...via] = askersOf(chain)
  return { peer, path: chain.path, via, proven: proven === true || peer === caller }
}

/** What this node can show of for whom it asks when the agent of that task does. */
export function behalfOf(
  { behalf }: Chain,
  { id: task, caller }: Pick<TaskRecord, 'id' | 'caller'>,
  { peer, proven }: Principal
): Pick<Chain, 'behalf'> {
  if (behalf !== undefined) return { behalf }
  // Who asked this node itself can sign for it, if it has to be shown to others.
  return proven && peer === caller ? { behalf: { task } } : {}
}
