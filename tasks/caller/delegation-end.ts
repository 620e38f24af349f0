/** How a task that this node asked for ended, as the outbox keeps it and as readers are told. */
import type { Artifact, TaskState } from '../../core/a2a.ts'
import type { Usage } from '../../core/budget.ts'
import type { WireError } from '../../core/errors.ts'
import type { ModelUse } from '../edge/use.ts'
import type { DelegationEvent } from './delegation-events.ts'
import type { Dialogue } from './dialogue.ts'
import type { NodeName, Placement, WorkOrder } from './dispatcher.ts'
import type { OutboxEnd, OutboxRecord } from './outbox-store.ts'

export interface EndedDelegation {
  readonly order: WorkOrder
  readonly record: Pick<OutboxRecord, 'edge'>
  readonly artifacts: readonly Artifact[]
  readonly state: TaskState
  readonly updatedAt: number
  readonly tookMs: number | undefined
  readonly placement: Placement | undefined
  readonly error: WireError | undefined
  readonly usage: Usage | undefined
  readonly log: { readonly modelUse: ModelUse }
  readonly dialogue: Dialogue
}

export function endOf(ended: EndedDelegation): OutboxEnd {
  const { state, updatedAt, error, placement, dialogue, record, tookMs = 0 } = ended
  return {
    state,
    updatedAt,
    tookMs,
    ...(placement && { worker: placement.worker, agentId: placement.agentId }),
    ...(error && { error }),
    ...(dialogue.history.length > 1 && { dialogue: true as const }),
    ...(record.edge && { edge: record.edge, spent: spentOf(ended) })
  }
}

export function resultOf(
  { order: { taskId }, state, artifacts, error, usage, tookMs = 0 }: EndedDelegation,
  worker: NodeName,
  firstEventMs: number | null
): DelegationEvent {
  const facts = { taskId, state, artifacts, worker, tookMs, firstEventMs }
  return { type: 'result', ...facts, ...(error && { error }), ...(usage && { usage }) }
}

/** What its worker says at the end covers those whom its agent asked, too; without an end it says nothing. */
function spentOf({ usage, log: { modelUse } }: EndedDelegation): ModelUse {
  const { inputTokens, outputTokens } = modelUse
  return {
    inputTokens,
    outputTokens,
    tokens: Math.max(usage?.tokens ?? 0, modelUse.tokens),
    cost: Math.max(usage?.money ?? 0, modelUse.cost)
  }
}
