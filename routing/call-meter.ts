/** What those who measure are told of the tasks that go to workers. */
import type { WorkerKey } from './facts.ts'

export type CallOutcome = 'success' | 'failure' | 'neither'

export interface CallMeter {
  /** A task leaves for the worker. */
  sent(worker: WorkerKey): void
  /** The worker has begun with one of those sent. */
  begun(worker: WorkerKey): void
  /** One of those sent is over, for this node at least. */
  ended(worker: WorkerKey, end: EndedCall): void
  /** No task goes there for a while. */
  breakerOpened(worker: WorkerKey): void
}

export interface EndedCall {
  readonly outcome: CallOutcome
  /** Whether the worker had begun. */
  readonly begun: boolean
  /** Milliseconds since it was sent. */
  readonly tookMs: number
}

export const NO_CALL_METER: CallMeter = {
  sent() {},
  begun() {},
  ended() {},
  breakerOpened() {}
}
