/** The state of a task as the sum of its events, kept up to date at constant cost an event. */
import type {
  Artifact,
  Message,
  Part,
  StreamResponse,
  Task,
  TaskStatus,
  TaskStatusUpdateEvent
} from '../core/a2a.ts'
import { LumosError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { LIMITS } from '../core/limits.ts'
import { turnOf } from '../protocols/a2a/turn.ts'
import { questionOf } from './worker/turns.ts'

export interface SnapshotOptions {
  /** Most recent messages; absent means all. */
  readonly historyLength?: number | undefined
  /** Default true. */
  readonly artifacts?: boolean | undefined
}

export interface TaskFold {
  readonly status: TaskStatus | undefined
  /** What caller and agent said; the question of a task that waits is in its status yet. */
  readonly history: readonly Message[]
  /** A Task replaces everything; updates change it. Throws PAYLOAD_TOO_LARGE at too many artifacts. */
  apply(event: StreamResponse): void
  /** The task so far; `undefined` before the first Task. Costs what the task holds. */
  snapshot(options?: SnapshotOptions): Task | undefined
  artifacts(): Artifact[]
}

interface OpenArtifact {
  readonly head: Omit<Artifact, 'parts'>
  readonly parts: Part[]
}

export function createTaskFold(): TaskFold {
  return new Fold()
}

/** What a run has put out by the end of `events`. Throws PAYLOAD_TOO_LARGE at too many artifacts. */
export function artifactsIn(events: readonly StreamResponse[]): readonly Artifact[] {
  const fold = createTaskFold()
  for (const event of events) fold.apply(event)
  return fold.artifacts()
}

class Fold implements TaskFold {
  #task: Pick<Task, 'id' | 'contextId' | 'metadata'> | undefined
  #artifacts = new Map<string, OpenArtifact>()
  status: TaskStatus | undefined
  history: readonly Message[] = []

  apply({ task, statusUpdate, artifactUpdate }: StreamResponse): void {
    if (task !== undefined) this.#replace(task)
    if (statusUpdate !== undefined) this.#update(statusUpdate)
    if (artifactUpdate !== undefined) {
      this.#put(artifactUpdate.artifact, artifactUpdate.append ?? false)
    }
  }

  snapshot({ historyLength, artifacts = true }: SnapshotOptions = {}): Task | undefined {
    if (this.#task === undefined || this.status === undefined) return undefined
    const history = lastOf(this.history, historyLength)
    return {
      ...this.#task,
      status: this.status,
      ...(artifacts && this.#artifacts.size > 0 && { artifacts: this.artifacts() }),
      ...(history.length > 0 && { history })
    }
  }

  artifacts(): Artifact[] {
    return Array.from(this.#artifacts.values(), ({ head, parts }) => ({
      ...head,
      parts: [...parts]
    }))
  }

  #update(update: TaskStatusUpdateEvent): void {
    const question = questionOf(this.status)
    const turn = turnOf(update)
    if (question !== undefined) this.history = [...this.history, question]
    if (turn !== undefined) this.history = [...this.history, turn]
    this.status = update.status
  }

  #replace({ id, contextId, status, artifacts = [], history = [], metadata }: Task): void {
    this.#task = { id, contextId, ...(metadata && { metadata }) }
    this.status = status
    this.history = history
    this.#artifacts = new Map()
    for (const artifact of artifacts) this.#put(artifact, false)
  }

  #put({ parts, ...head }: Artifact, append: boolean): void {
    const open = append ? this.#artifacts.get(head.artifactId) : undefined
    if (open !== undefined) {
      for (const part of parts) join(open.parts, part)
      return
    }
    const limit = LIMITS.artifactsPerTask.value
    if (!this.#artifacts.has(head.artifactId) && this.#artifacts.size >= limit) {
      const bytes = this.#artifacts.size + 1
      throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes, limit } })
    }
    this.#artifacts.set(head.artifactId, { head, parts: [...parts] })
  }
}

/** Pieces of plain text become one part: thousands of parts of a word each would help nobody. */
function join(parts: Part[], part: Part): void {
  const last = parts.at(-1)
  if (last?.text !== undefined && part.text !== undefined && isPlain(last) && isPlain(part)) {
    parts[parts.length - 1] = { text: last.text + part.text }
  } else {
    parts.push(part)
  }
}

function isPlain({ filename, mediaType, metadata }: Part): boolean {
  return filename === undefined && mediaType === undefined && metadata === undefined
}

function lastOf(history: readonly Message[], length: number | undefined): readonly Message[] {
  if (length === undefined || length >= history.length) return history
  return length === 0 ? [] : history.slice(-length)
}

/** Bytes that an event takes, near enough for limits (characters, rather): its texts, and what else JSON needs. */
export function sizeOf(event: StreamResponse): number {
  const { task, statusUpdate, artifactUpdate, message } = event
  const overhead = 256
  if (artifactUpdate !== undefined) {
    return overhead + sizeOfArtifact(artifactUpdate.artifact)
  }
  const spoken = message ?? statusUpdate?.status.message
  const heard = statusUpdate && turnOf(statusUpdate)
  if (task === undefined) {
    return overhead + (spoken ? sizeOfMessage(spoken) : 0) + (heard ? sizeOfMessage(heard) : 0)
  }
  let bytes = overhead
  if (task.status.message !== undefined) bytes += sizeOfMessage(task.status.message)
  for (const item of task.history ?? []) bytes += sizeOfMessage(item)
  for (const artifact of task.artifacts ?? []) bytes += sizeOfArtifact(artifact)
  return bytes
}

function sizeOfArtifact({ name, description, parts, metadata }: Artifact): number {
  const said = (name?.length ?? 0) + (description?.length ?? 0)
  return said + sizeOfParts(parts) + sizeOfJson(metadata)
}

function sizeOfMessage({ parts, metadata }: Message): number {
  return 128 + sizeOfParts(parts) + sizeOfJson(metadata)
}

function sizeOfParts(parts: readonly Part[]): number {
  let bytes = 0
  for (const { text, raw, url, data, metadata, filename, mediaType } of parts) {
    bytes += 16 + (text?.length ?? 0) + (raw?.length ?? 0) + (url?.length ?? 0)
    bytes += (filename?.length ?? 0) + (mediaType?.length ?? 0)
    if (data !== undefined) bytes += JSON.stringify(data).length
    bytes += sizeOfJson(metadata)
  }
  return bytes
}

function sizeOfJson(value: JsonObject | undefined): number {
  return value === undefined ? 0 : JSON.stringify(value).length
}
