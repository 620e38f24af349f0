/** What a failure means for a task that this node asked for. */
import { LumosError } from '../../core/errors.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Placement } from './dispatcher.ts'

/** After these the task is the next process's: this one is ending, or cannot keep what happens. */
export const LEFT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'SHUTTING_DOWN',
  'STORE_FULL',
  'STORE_FAILED',
  'STORE_CLOSED',
  'STORE_BUSY',
  'STORE_CORRUPT'
])

/** After these a worker may still turn up. */
export const NOBODY_YET: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NO_ROUTE',
  'AGENT_UNKNOWN',
  'PEER_UNKNOWN',
  'DELEGATION_FAILED',
  'DELEGATION_FORBIDDEN'
])

export interface BrokenContact {
  /** Whether the worker had said that it took the task. */
  readonly accepted: boolean
  /** Whether it was being given an answer. */
  readonly isAnswering: boolean
  /** Whether another one may go on where it was, if this one is not at it. */
  readonly canGoOnElsewhere: boolean
}

/**
 * What follows when a worker could not be followed further: it is waited for, it does not want the
 * answer any more, it refused the task, it has lost it, or a worker is looked for anew. Throws what
 * ends the task.
 */
export function afterBreak(
  error: LumosError,
  placement: Placement,
  { accepted, isAnswering, canGoOnElsewhere }: BrokenContact
): 'wait' | 'unwanted' | 'refused' | 'lost' | 'search' {
  const { code } = error
  // It waits no more: what has become of it is to be heard.
  if (code === 'UNSUPPORTED_OPERATION' && isAnswering) return 'unwanted'
  // What never arrived can be sent anew, to anybody.
  if (code === 'TASK_NOT_FOUND' && !accepted) return 'search'
  // One that has it would have answered with it.
  if (code === 'OVERLOADED' && !accepted) return 'refused'
  // With its database, say: then it is not at it either. One that is gone has ended there.
  if (code === 'TASK_NOT_FOUND' && canGoOnElsewhere) return 'lost'
  if (code === 'TASK_NOT_FOUND' || code === 'TASK_GONE') throw workerLost(placement, error)
  if (!error.retry) throw error
  return !accepted && placement.idempotent ? 'search' : 'wait'
}

export function workerLost({ worker }: Placement, cause?: LumosError): LumosError {
  return new LumosError('WORKER_LOST', {
    cause,
    details: { peer: worker.name, maybeExecuted: true }
  })
}

export function timedOut(timeoutMs: number): LumosError {
  return new LumosError('TIMED_OUT', { details: { timeoutMs } })
}
