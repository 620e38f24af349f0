/** What can be asked of the swarm, and the record of it that the outbox keeps. */
import { rootChain } from '../../core/chain.ts'
import type { ChainWish } from '../../core/chain.ts'
import { traceOfCurrentRequest } from '../../core/request-trace.ts'
import type { EdgeMark } from '../edge/orders.ts'
import { insideOf } from '../edge/scope.ts'
import { payloadHash } from '../worker/payload-hash.ts'
import type { WorkOrder } from './dispatcher.ts'
import type { OutboxRecord } from './outbox-store.ts'

export interface DelegationRequest extends Omit<WorkOrder, 'taskId' | 'where'>, ChainWish {
  /** UUID; made here when there is none. The same id, target and message is the same task. */
  readonly taskId?: string
  /** The id was made just now: no task of it is looked for on the disk. */
  readonly isNew?: boolean
  readonly where?: WorkOrder['where']
  /** Milliseconds the task may take. */
  readonly timeoutMs?: number
  /** Looks for a worker for LIMITS.searchWindow when there is none at once. */
  readonly patient?: boolean
  /** The task whose agent asks: when this process ends, so does the wish for an answer. */
  readonly parent?: string
  /** There when somebody outside the swarm asks. */
  readonly edge?: EdgeMark
}

export function recordOf(
  request: DelegationRequest,
  { taskId, createdAt }: { readonly taskId: string; readonly createdAt: number }
): OutboxRecord {
  const { timeoutMs, patient, parent, edge, priority, budget, ...asked } = request
  const { where = 'any', isNew: _, under = traceOfCurrentRequest(), ...rest } = asked
  const { target, to = '', message } = request
  return {
    order: {
      chain: rootChain(taskId, { priority, budget, under }),
      ...rest,
      message: insideOf(request, message),
      taskId,
      where
    },
    payloadHash: payloadHash(`${target} ${to} ${where}`, message),
    createdAt,
    ...(patient && { patient }),
    ...(parent !== undefined && { parent }),
    ...(edge && { edge }),
    ...(timeoutMs !== undefined && { deadlineAt: createdAt + timeoutMs })
  }
}

/** The same for a person of this node, who does not wait for it at a terminal. */
export function repeatOf(record: OutboxRecord, taskId: string): DelegationRequest {
  // A trace, a path and a parent of its own: somebody else asks now.
  const { taskId: _, message, chain, depth: __, ...rest } = record.order
  const { createdAt, deadlineAt } = record
  return {
    ...rest,
    taskId,
    message: { ...message, messageId: taskId },
    priority: chain?.priority,
    budget: chain?.budget,
    patient: true,
    ...(deadlineAt !== undefined && { timeoutMs: deadlineAt - createdAt })
  }
}
