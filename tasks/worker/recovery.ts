/** What becomes of a task whose process ended before it did: nothing stays "working" for ever. */
import type { Artifact, Message, StreamResponse } from '../../core/a2a.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { createTaskFold } from '../task-fold.ts'
import type { AgentTraits, Resumption } from './execution.ts'
import type { TaskEvent, TaskRecord } from './task-store.ts'
import { beginsRun, isAsking, questionOf } from './turns.ts'

/** How an interrupted task goes on, as its next attempt. */
export interface Recovery {
  readonly attempt: number
  /** Output of earlier attempts that still counts. */
  readonly artifacts: readonly Artifact[]
  /** What was said by caller and agent. */
  readonly history: readonly Message[]
  /** For an agent that goes on where it was. */
  readonly resumed?: Resumption
  /** The task ends at once with this. */
  readonly error?: LumosError
}

export interface RecoveryInit {
  readonly record: TaskRecord
  /** All events of the last attempt. */
  readonly events: readonly TaskEvent[]
  /** `undefined` when this node has no such agent any more. */
  readonly traits: AgentTraits | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * The log is the truth: an agent that harm could come from is run only after WORKING is on disk, so
 * that a run without it has surely not been begun. Of a dialogue only the last run was interrupted:
 * what was said before it counts. A task that waits for its caller was not interrupted at all.
 */
export function recover({ record, events, traits, now }: RecoveryInit): Recovery | 'waits' {
  const fold = createTaskFold()
  let before: readonly Artifact[] = []
  let begun = false
  for (const { update } of events) {
    fold.apply(update)
    if (beginsRun(update)) {
      before = fold.artifacts()
      begun = false
    }
    begun ||= isWorking(update)
  }
  const last = events.at(-1)?.attempt ?? 0
  const resumable = traits?.resumable === true
  const harmless = traits?.idempotent === true || (traits !== undefined && !begun)
  const question = questionOf(fold.status)
  const history = question === undefined ? fold.history : [...fold.history, question]
  const next = { attempt: last + 1, artifacts: fold.artifacts(), history }
  if (now >= record.deadlineAt) {
    const timeoutMs = record.deadlineAt - record.createdAt
    return { ...next, error: new LumosError('TIMED_OUT', { details: { timeoutMs } }) }
  }
  if (isAsking(fold.status) && traits !== undefined) return 'waits'
  if (last >= LIMITS.taskAttempts.value || !(resumable || harmless)) {
    const { agentId: agent } = record
    const details = { agent, attempts: last, maybeExecuted: begun }
    return { ...next, error: new LumosError('TASK_INTERRUPTED', { details }) }
  }
  // An attempt that follows another one may have its output to go on with, even if it had not begun.
  const follows = last > 1 || record.continued === true
  if (!resumable || !(begun || follows)) return { ...next, artifacts: before }
  return { ...next, resumed: { attempt: last, events: events.map(({ update }) => update) } }
}

function isWorking({ statusUpdate, task }: StreamResponse): boolean {
  return (statusUpdate ?? task)?.status.state === 'TASK_STATE_WORKING'
}
