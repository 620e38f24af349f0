/** What those who measure are told of each task that ends. */
import type { TaskState } from '../core/a2a.ts'
import type { WireError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import { wantedSkill } from '../core/skill-schemas.ts'
import type { Placement, WorkOrder } from './caller/dispatcher.ts'
import type { TaskRecord } from './worker/task-store.ts'
import type { TaskView } from './worker/task-view.ts'

export interface TaskEnd {
  /** `undefined` for a task that found no worker. */
  readonly agentId: string | undefined
  /** Id of the skill that the message names, as its sender wrote it. */
  readonly skill: string | undefined
  readonly state: TaskState
  /** The caller of a task that was worked on here; the worker of one that was asked for, if it found one. */
  readonly peer: PeerIdText | undefined
  /** Milliseconds from the order, or its arrival, to the end. */
  readonly tookMs: number
  /** Of a task that was asked for: why it failed, as the worker or this node says. */
  readonly error: WireError | undefined
}

export type OnTaskEnd = (end: TaskEnd) => void

interface EndedWork {
  readonly record: TaskRecord
  readonly view: Pick<TaskView, 'status'>
}

/** Of a task that this node worked on; `now` is milliseconds since the epoch. */
export function endOfWork({ record, view }: EndedWork, now: number): TaskEnd {
  const { agentId, message, caller, createdAt } = record
  return {
    agentId,
    skill: wantedSkill(message),
    state: view.status?.state ?? 'TASK_STATE_FAILED',
    peer: caller,
    tookMs: Math.max(0, now - createdAt),
    error: undefined
  }
}

interface EndedOrder {
  readonly order: WorkOrder
  readonly placement: Placement | undefined
  readonly state: TaskState
  readonly error: WireError | undefined
  readonly tookMs: number | undefined
}

/** Of a task that this node asked for. */
export function endOfOrder({ order, placement, state, error, tookMs = 0 }: EndedOrder): TaskEnd {
  return {
    agentId: placement?.agentId,
    skill: wantedSkill(order.message),
    state,
    peer: placement?.worker.id,
    tookMs,
    error
  }
}
