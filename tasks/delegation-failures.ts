/** What a failure means for a task that this node asked for. */
import { LumosError } from '../core/errors.ts'
import type { ErrorCode } from '../core/errors.ts'
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
  'DELEGATION_FAILED'
])

export function workerLost({ worker }: Placement, cause?: LumosError): LumosError {
  return new LumosError('WORKER_LOST', {
    cause,
    details: { peer: worker.name, maybeExecuted: true }
  })
}

export function timedOut(timeoutMs: number): LumosError {
  return new LumosError('TIMED_OUT', { details: { timeoutMs } })
}
