/** The dialogue on one task: what was said by both, and whether a message repeats an earlier one. */
import type { Message, StreamResponse, TaskStatus } from '../../core/a2a.ts'
import { INTERRUPTED_STATES } from '../../core/a2a.ts'
import { LumosError } from '../../core/errors.ts'
import { turnOf } from '../../protocols/a2a/turn.ts'
import { payloadHash } from './payload-hash.ts'

/** Whether the task waits for its caller. */
export function isAsking(status: TaskStatus | undefined): status is TaskStatus {
  return status !== undefined && INTERRUPTED_STATES.has(status.state)
}

/** What the task asks its caller, if it does. */
export function questionOf(status: TaskStatus | undefined): Message | undefined {
  return isAsking(status) ? status.message : undefined
}

/** Whether a run of the agent begins with this update: the Task of an attempt, or a further message. */
export function beginsRun({ task, statusUpdate }: StreamResponse): boolean {
  return task !== undefined || (statusUpdate !== undefined && turnOf(statusUpdate) !== undefined)
}

/**
 * Whether the task has heard this message before.
 *
 * @throws TASK_CONFLICT when it heard another one under that id
 */
export function isRepeated(history: readonly Message[], message: Message): boolean {
  const { messageId } = message
  const earlier = history.find((one) => one.messageId === messageId)
  if (earlier === undefined) return false
  if (earlier.role === message.role && payloadHash('', earlier) === payloadHash('', message)) {
    return true
  }
  throw new LumosError('TASK_CONFLICT', { details: { task: messageId } })
}
