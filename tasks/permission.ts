/** Whether a task may be done here, for whom, and within which bounds: the port that the node's policy fulfils. */
import type { Chain } from '../core/chain.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { Principal } from '../core/principal.ts'
import type { TaskRecord } from './task-store.ts'

export interface TaskWish {
  readonly caller: PeerIdText
  readonly agentId: string
  /** Id of the skill that the message names. */
  readonly skill: string | undefined
  readonly chain: Chain
  /** Agents that asked each other before this one. */
  readonly depth: number
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

/** @throws FORBIDDEN, OVERLOADED */
export type TaskGate = (wish: TaskWish) => TaskPermission | Promise<TaskPermission>

/** For a node that asks nobody. */
export const OPEN_GATE: TaskGate = ({ chain }) => ({
  chain,
  proven: false,
  end: () => {},
  undo: () => {}
})

/** Whom a task is done for; its caller is proved by the connection. */
export function principalOf(
  { path }: Chain,
  { caller, proven }: Pick<TaskRecord, 'caller' | 'proven'>
): Principal {
  const peer = path[0]?.peer ?? caller
  return { peer, path, proven: proven === true || peer === caller }
}
