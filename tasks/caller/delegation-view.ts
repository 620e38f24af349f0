/** A task that this node asked for, as lists and details show it, whether it goes on or has ended. */
import type { Artifact, Message, TaskState } from '../../core/a2a.ts'
import type { Usage } from '../../core/budget.ts'
import type { Chain } from '../../core/chain.ts'
import type { WireError } from '../../core/errors.ts'
import type { EdgeMark } from '../edge/orders.ts'
import { order } from '../worker/memory-task-store.ts'
import type { Delegation } from './delegation.ts'
import type { QuestionEvent } from './dialogue.ts'
import type { NodeName } from './dispatcher.ts'
import type { EndedOrder, OutboxQuery } from './outbox-store.ts'

/** One task that this node asked for. */
export interface DelegationView {
  readonly id: string
  /** The task whose agent asked. */
  readonly parent: string | undefined
  readonly target: string
  readonly message: Message
  readonly state: TaskState
  /** Who has it, or had it; and what that one calls the agent. */
  readonly worker: NodeName | undefined
  readonly agentId: string | undefined
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
  readonly tookMs: number | undefined
  readonly error: WireError | undefined
  readonly artifacts: readonly Artifact[]
  /** What both said, the order first. */
  readonly history: readonly Message[]
  readonly chain: Chain | undefined
  readonly usage: Usage | undefined
  /** What it waits to be answered. */
  readonly question: QuestionEvent | undefined
  /** Who asked for it from outside the swarm. */
  readonly edge: EdgeMark | undefined
}

export function viewOf(delegation: Delegation): DelegationView {
  const { order: asked, record, state, placement, updatedAt, tookMs, error } = delegation
  return {
    id: asked.taskId,
    parent: record.parent,
    target: asked.target,
    message: asked.message,
    state,
    worker: placement?.worker,
    agentId: placement?.agentId,
    createdAt: record.createdAt,
    updatedAt,
    tookMs,
    error,
    get artifacts() {
      return delegation.artifacts
    },
    history: delegation.dialogue.history,
    chain: asked.chain,
    get usage() {
      return delegation.usage
    },
    question: delegation.dialogue.question,
    edge: record.edge
  }
}

export function viewOfEnded(
  { record, end }: EndedOrder,
  {
    artifacts,
    history,
    usage
  }: Partial<Pick<DelegationView, 'artifacts' | 'history' | 'usage'>> = {}
): DelegationView {
  const { order: asked, createdAt } = record
  const { worker, agentId, state, updatedAt, tookMs, error } = end
  return {
    id: asked.taskId,
    parent: record.parent,
    target: asked.target,
    message: asked.message,
    state,
    worker,
    agentId,
    createdAt,
    updatedAt,
    tookMs,
    error,
    artifacts: artifacts ?? [],
    history: history ?? [asked.message],
    chain: asked.chain,
    usage,
    question: undefined,
    edge: record.edge
  }
}

/** Youngest change of state first. Those that go on may be too many, and not what the query is about. */
export function pageOf(
  { limit, state, before }: OutboxQuery,
  live: readonly DelegationView[],
  ended: readonly DelegationView[]
): readonly DelegationView[] {
  // One that ended during the reading is in both.
  const ids = new Set(ended.map(({ id }) => id))
  const wanted = live
    .filter((view) => state === undefined || view.state === state)
    .filter((view) => before === undefined || order(before, view) < 0)
    .filter(({ id }) => !ids.has(id))
  return [...wanted, ...ended].toSorted(order).slice(0, limit)
}
