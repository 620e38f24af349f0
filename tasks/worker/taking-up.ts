/** Takes up the tasks of an earlier process, and those that the disk refused: each goes on, waits on, or ends. */
import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import { sizeOfAll } from '../handover.ts'
import { spentIn } from '../spending.ts'
import { sizeOf } from '../task-fold.ts'
import type { Admission } from './admission.ts'
import type { AgentRunner } from './execution.ts'
import type { HeldBytes } from './held-bytes.ts'
import type { Jobs } from './jobs.ts'
import type { LiveTask, LiveTaskInit } from './live-task.ts'
import { placeFor } from './new-record.ts'
import { recover } from './recovery.ts'
import type { TaskEvent, TaskRecord } from './task-store.ts'

export interface TakingUpComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly runner: Pick<AgentRunner, 'traits'>
  readonly admission: Pick<Admission, 'reserve'>
  readonly held: Pick<HeldBytes, 'keep'>
  readonly jobs: Pick<Jobs, 'launch' | 'wait'>
  /** Of the last attempt. */
  readonly eventsOf: (record: TaskRecord) => AsyncIterable<TaskEvent>
  readonly liveTask: (init: LiveTaskInit) => LiveTask
}

/** Resolves when it is on disk what becomes of the task. */
export type TakeUp = (record: TaskRecord) => Promise<void>

export function createTakingUp(components: TakingUpComponents): TakeUp {
  const { clock, logger, runner, admission, held, jobs, eventsOf, liveTask } = components

  /** Counts what its caller has said to it. */
  function hold(task: LiveTask, told = 0): void {
    const said = task.history.filter(({ role }) => role === 'ROLE_USER')
    const bytes = said.reduce((sum, message) => sum + sizeOf({ message }), told)
    void task.settled.catch(() => {}).finally(held.keep(task.record.caller, bytes))
  }

  /** A task that waits for its caller just waits on, in the same attempt. */
  function waitAgain(record: TaskRecord, events: readonly TaskEvent[]): void {
    const [first] = events
    const traits = runner.traits(record.agentId)
    if (first === undefined || traits === undefined) return
    const { attempt, update } = first
    const artifacts = update.task?.artifacts ?? []
    const task = liveTask({ record, attempt, artifacts, spent: spentIn(events) })
    task.restore(events)
    hold(task)
    jobs.wait({ task, traits })
  }

  return async (record) => {
    const { agentId } = record
    const traits = runner.traits(agentId)
    const events = await Array.fromAsync(eventsOf(record))
    const recovery = recover({ record, events, traits, now: clock.now() })
    if (recovery === 'waits') return waitAgain(record, events)
    const { error, resumed, ...start } = recovery
    logger.info('a task was interrupted', {
      task: record.id,
      agent: agentId,
      attempt: start.attempt,
      ...(error && { code: error.code })
    })
    const task = liveTask({ record, ...start, spent: spentIn(events) })
    hold(task, sizeOfAll(resumed?.events ?? []))
    const accepted = task.accept()
    if (error !== undefined || traits === undefined) {
      task.end({ state: 'TASK_STATE_FAILED', ...(error && { error }) })
      await Promise.all([accepted, task.settled])
      return
    }
    const place = admission.reserve({ ...placeFor(record, clock.now()), accepted: true })
    jobs.launch({ task, place, traits, ...(resumed && { resumed }) })
    await accepted
  }
}
