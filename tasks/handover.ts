/** Both ends of a handover: what the next worker of a task is told of the run that the last one had begun, and what it makes of that. */
import type { Artifact, Message, StreamResponse } from '../core/a2a.ts'
import type { JsonObject } from '../core/json.ts'
import { LumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { progressMetadata } from '../protocols/a2a/extensions.ts'
import { receiveHandover, type Handover } from '../protocols/a2a/handover.ts'
import type { DelegationEvent } from './caller/delegation-events.ts'
import type { AgentTraits, Resumption } from './worker/execution.ts'
import { artifactsIn, sizeOf } from './task-fold.ts'
import type { TaskRecord } from './worker/task-store.ts'

export interface HandoverInit {
  readonly taskId: string
  readonly message: Message
  /** Of the worker that had it. */
  readonly attempt: number
}

/**
 * From what was told of the task so far; `undefined` when it is more than one request may carry, and
 * then the task is not handed over.
 */
export function handoverOf(
  told: Iterable<DelegationEvent>,
  { taskId, message, attempt }: HandoverInit
): Handover | undefined {
  const contextId = message.contextId ?? ''
  const first = { status: { state: 'TASK_STATE_SUBMITTED' as const }, history: [message] }
  const task = { task: { id: taskId, contextId, ...first } }
  let updates: StreamResponse[] = []
  for (const event of told) {
    // What was told before does not count.
    if (event.type === 'restarted') updates = []
    else if (event.type === 'status') {
      const { state, text = '', fraction, step } = event
      const metadata = progressMetadata({ fraction, step })
      const said = { messageId: `${taskId}:${updates.length}`, role: 'ROLE_AGENT' as const }
      const spoken = { ...said, parts: [{ text }], ...(metadata && { metadata }) }
      const hasSaid = text !== '' || metadata !== undefined
      const status = { state, ...(hasSaid && { message: spoken }) }
      updates.push({ statusUpdate: { taskId, contextId, status } })
    } else if (event.type === 'artifact') {
      const { artifact, append, lastChunk } = event
      const last = updates.at(-1)?.artifactUpdate
      if (append && last?.artifact.artifactId === artifact.artifactId) {
        const whole = { ...last, artifact: joined(last.artifact, artifact), lastChunk }
        updates[updates.length - 1] = { artifactUpdate: whole }
      } else {
        updates.push({ artifactUpdate: { taskId, contextId, artifact, append, lastChunk } })
      }
    }
  }
  const events = [task, ...updates]
  const bytes = sizeOfAll(events)
  const isTooMuch =
    events.length > LIMITS.handoverEvents.value || bytes > LIMITS.handoverBytes.value
  return isTooMuch ? undefined : { attempt, events }
}

export function sizeOfAll(events: readonly StreamResponse[]): number {
  return events.reduce((sum, event) => sum + sizeOf(event), 0)
}

/** Text that came in pieces is one text again. */
function joined(whole: Artifact, piece: Artifact): Artifact {
  const [only] = whole.parts
  const [next] = piece.parts
  const isText = whole.parts.length === 1 && piece.parts.length === 1
  if (isText && only?.text !== undefined && next?.text !== undefined) {
    return { ...whole, parts: [{ ...only, text: only.text + next.text }] }
  }
  return { ...whole, parts: [...whole.parts, ...piece.parts] }
}

/** How a task begins at its worker. */
export interface Start {
  readonly artifacts: readonly Artifact[]
  readonly mark: Pick<TaskRecord, 'continued'>
  readonly job: { readonly resumed?: Resumption }
  /** Of what is told of the last worker, held until the task ends. */
  readonly bytes: number
}

/** Behind what another worker did, if the agent can; else from its beginning. Throws INVALID_REQUEST, PAYLOAD_TOO_LARGE. */
export function startOf({ resumable }: AgentTraits, metadata: JsonObject | undefined): Start {
  const handover = resumable ? receiveHandover(metadata) : undefined
  if (handover === undefined) return { artifacts: [], mark: {}, job: {}, bytes: 0 }
  const resumed = { ...handover, elsewhere: true as const }
  const bytes = sizeOfAll(handover.events)
  const limit = LIMITS.handoverBytes.value
  if (bytes > limit) throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes, limit } })
  const artifacts = artifactsIn(handover.events)
  return { artifacts, mark: { continued: true }, job: { resumed }, bytes }
}
