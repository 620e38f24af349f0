/** What the receivers of push notifications are told of a task: its states and finished artifacts, not every word. */
import { TERMINAL_STATES } from '../../core/a2a.ts'
import type {
  Artifact,
  StreamResponse,
  Task,
  TaskArtifactUpdateEvent,
  TaskStatus
} from '../../core/a2a.ts'
import type { JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import { PUSH_EXTENSION } from '../../protocols/a2a/constants.ts'
import { positionOf, stamp } from '../../protocols/a2a/extensions.ts'
import type { Position } from '../../protocols/a2a/extensions.ts'
import { createTaskFold } from '../task-fold.ts'
import type { TaskEvent, TaskKey } from '../worker/task-store.ts'

/** Where the events come from: those of the present attempt, with number `from` and behind it. */
export interface PushedTasks {
  events(key: TaskKey, from?: number): AsyncIterable<PushedEvent>
  /** `undefined` and `gone` for what is not there. */
  find(key: TaskKey): Promise<object | 'gone' | undefined>
}

export type PushedEvent = Pick<TaskEvent, 'attempt' | 'seq' | 'update'>

/** Tells the task as it is then, in other words than those of A2A 1.0. */
export interface PushFormat {
  readonly contentType: string
  readonly write: (task: Task) => object
}

/**
 * `told` is what is promised. `passing` is progress, which is told unless something newer is there.
 * `silent` are the pieces of an artifact that is not finished.
 */
export type Weight = 'told' | 'passing' | 'silent'

export function weightOf({ task, statusUpdate, artifactUpdate }: StreamResponse): Weight {
  if (task !== undefined) return 'told'
  if (artifactUpdate !== undefined) return artifactUpdate.lastChunk === true ? 'told' : 'silent'
  if (statusUpdate === undefined) return 'silent'
  const { state, message } = statusUpdate.status
  return state === 'TASK_STATE_WORKING' && message !== undefined ? 'passing' : 'told'
}

export interface Notification {
  readonly position: Position
  /** JSON of the StreamResponse, at most `pushBytes`. */
  readonly body: string
  /** Nothing comes after it: the task has ended. */
  readonly last: boolean
}

export type NextNotification =
  | { readonly kind: 'next'; readonly notification: Notification }
  /** Nothing yet; all up to `seen` is looked through. */
  | { readonly kind: 'none'; readonly seen: Position | undefined }
  /** The task is not there any more. */
  | { readonly kind: 'missing' }

/** Where a receiver stands, and what it reads if not A2A 1.0. */
export interface PushReader {
  readonly after: Position | undefined
  readonly format?: PushFormat | undefined
}

/** The first thing to tell behind `after`, read from the store, which has what is kept and nothing else. */
export async function nextNotification(
  tasks: PushedTasks,
  key: TaskKey,
  { after, format }: PushReader
): Promise<NextNotification> {
  let seen: Position | undefined
  let passing: PushedEvent | undefined
  for await (const event of eventsBehind(tasks, key, after)) {
    seen = { attempt: event.attempt, seq: event.seq }
    const weight = weightOf(event.update)
    if (weight === 'told') return next({ tasks, key, format }, event)
    if (weight === 'passing') passing = event
  }
  if (passing !== undefined) return next({ tasks, key, format }, passing)
  if (seen !== undefined) return { kind: 'none', seen }
  const found = await tasks.find(key)
  if (found === undefined || found === 'gone') return { kind: 'missing' }
  return { kind: 'none', seen: after }
}

/** A new attempt replaces all events: where its reader stood means nothing then. */
async function* eventsBehind(
  tasks: PushedTasks,
  key: TaskKey,
  after: Position | undefined
): AsyncIterable<PushedEvent> {
  let found = false
  if (after !== undefined) {
    for await (const event of tasks.events(key, after.seq)) {
      if (found) yield event
      else if (event.attempt === after.attempt) found = true
      else break
    }
  }
  if (!found) yield* tasks.events(key)
}

interface Telling {
  readonly tasks: PushedTasks
  readonly key: TaskKey
  readonly format: PushFormat | undefined
}

async function next(
  { tasks, key, format }: Telling,
  event: PushedEvent
): Promise<NextNotification> {
  const { attempt, seq, update } = event
  const state = (update.task ?? update.statusUpdate)?.status.state
  const body =
    format === undefined
      ? bodyOf(await wholeOf(tasks, key, { seq, update }))
      : formatted(await taskAt(tasks, key, event), format)
  const last = state !== undefined && TERMINAL_STATES.has(state)
  return { kind: 'next', notification: { position: { attempt, seq }, body, last } }
}

/** The task as it was when `event` had been told. */
async function taskAt(
  tasks: PushedTasks,
  key: TaskKey,
  { attempt, seq }: PushedEvent
): Promise<Task | undefined> {
  const fold = createTaskFold()
  for await (const event of tasks.events(key)) {
    if (event.attempt !== attempt || event.seq > seq) break
    fold.apply(event.update)
  }
  return fold.snapshot()
}

function formatted(task: Task | undefined, { write }: PushFormat): string {
  if (task === undefined) return '{}'
  const body = JSON.stringify(write(task))
  if (Buffer.byteLength(body) <= LIMITS.pushBytes.value) return body
  return JSON.stringify(write(reduced({ task }).task ?? task))
}

/** The last piece of an artifact becomes all of it: a receiver that missed nothing needs no pieces. */
async function wholeOf(
  tasks: PushedTasks,
  key: TaskKey,
  { seq, update }: Pick<TaskEvent, 'seq' | 'update'>
): Promise<StreamResponse> {
  const { artifactUpdate } = update
  if (artifactUpdate?.append !== true) return update
  const { append: _, ...rest } = artifactUpdate
  const artifact = await gather(tasks, key, { seq, id: rest.artifact.artifactId })
  if (artifact !== undefined) return { artifactUpdate: { ...rest, artifact } }
  return { artifactUpdate: withoutParts(rest) }
}

/** All pieces up to number `seq`; `undefined` when they are too much for one notification. */
async function gather(
  tasks: PushedTasks,
  key: TaskKey,
  { seq, id }: { readonly seq: number; readonly id: string }
): Promise<Artifact | undefined> {
  const fold = createTaskFold()
  let bytes = 0
  for await (const event of tasks.events(key)) {
    if (event.seq > seq) break
    const piece = pieceOf(event.update, id)
    if (piece === undefined) continue
    const size = JSON.stringify(piece.artifact.parts).length
    bytes = piece.append === true ? bytes + size : size
    // A piece counts for more than what it adds to the whole, whose size is looked at in the end.
    if (bytes > 2 * LIMITS.pushBytes.value) return undefined
    fold.apply({ artifactUpdate: piece })
  }
  return fold.artifacts()[0]
}

/** Pieces that an attempt took over from the one before stand in its Task. */
function pieceOf(
  { task, artifactUpdate }: StreamResponse,
  id: string
): TaskArtifactUpdateEvent | undefined {
  if (artifactUpdate?.artifact.artifactId === id) return artifactUpdate
  const artifact = task?.artifacts?.find(({ artifactId }) => artifactId === id)
  return artifact && task && { taskId: task.id, contextId: task.contextId, artifact }
}

function bodyOf(update: StreamResponse): string {
  const body = JSON.stringify(update)
  return Buffer.byteLength(body) <= LIMITS.pushBytes.value ? body : JSON.stringify(reduced(update))
}

/**
 * What does not fit is left out and marked, rather than never told: the receiver asks with GetTask.
 * Metadata of agents and callers may be what is large, so that only the position is left of it.
 */
function reduced(update: StreamResponse): StreamResponse {
  const { task, statusUpdate, artifactUpdate } = update
  const metadata = marked(positionOf(update))
  if (task !== undefined) {
    const { id, contextId, status } = task
    return { task: { id, contextId, status: bare(status), metadata } }
  }
  if (statusUpdate !== undefined) {
    const { taskId, contextId, status } = statusUpdate
    return { statusUpdate: { taskId, contextId, status: bare(status), metadata } }
  }
  return artifactUpdate === undefined ? {} : { artifactUpdate: withoutParts(artifactUpdate) }
}

/** Without what the agent says. */
export function bare({ state, timestamp }: TaskStatus): TaskStatus {
  return { state, ...(timestamp !== undefined && { timestamp }) }
}

function withoutParts(artifactUpdate: TaskArtifactUpdateEvent): TaskArtifactUpdateEvent {
  const { taskId, contextId, artifact } = artifactUpdate
  return {
    taskId,
    contextId,
    artifact: { artifactId: artifact.artifactId, parts: [] },
    lastChunk: true,
    metadata: marked(positionOf({ artifactUpdate }))
  }
}

function marked(position: Position | undefined): JsonObject {
  return { ...(position && stamp(position)), [PUSH_EXTENSION]: { incomplete: true } }
}
