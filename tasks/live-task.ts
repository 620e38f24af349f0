/** A task that is being worked on: numbers its events, has them kept, then shows them. */
import type { Artifact, Part, StreamResponse, TaskStatus, TaskState } from '../core/a2a.ts'
import type { Clock } from '../core/clock.ts'
import { LumosError, toLumosError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { LIMITS } from '../core/limits.ts'
import { errorMetadata, progressMetadata, stamp } from '../protocols/a2a/extensions.ts'
import type { Outcome, OutputSink } from './execution.ts'
import { sizeOf } from './task-fold.ts'
import type { Commit, Durability, TaskRecord, TaskStore } from './task-store.ts'
import { createTaskView } from './task-view.ts'
import type { GrowingTaskView } from './task-view.ts'

export interface LiveTaskComponents {
  readonly clock: Clock
  readonly store: TaskStore
}

/** What a task begins with. */
export interface LiveTaskInit {
  readonly record: TaskRecord
  /** Counts the executions of the task, from 1. */
  readonly attempt: number
  /** Output of earlier attempts that still counts. */
  readonly artifacts: readonly Artifact[]
}

/** The artifact that an agent's plain text becomes. */
const RESULT_ARTIFACT = 'result'

export class LiveTask implements OutputSink {
  readonly record: TaskRecord
  readonly view: GrowingTaskView
  readonly attempt: number
  /** Aborts with the reason why the agent has to stop. */
  readonly stopping = new AbortController()
  started = false
  suspended = false
  readonly #settled = Promise.withResolvers<void>()
  readonly #clock: Clock
  readonly #store: TaskStore
  /** Text that no event carries yet. */
  #held = ''
  #resultOpen = false
  readonly #artifactIds: Set<string>
  readonly #carried: readonly Artifact[]
  #disarm: (() => void) | undefined
  #closing = false
  #ended = false

  constructor({ clock, store }: LiveTaskComponents, { record, attempt, artifacts }: LiveTaskInit) {
    this.#clock = clock
    this.#store = store
    this.record = record
    this.attempt = attempt
    this.#carried = artifacts
    this.#artifactIds = new Set(artifacts.map(({ artifactId }) => artifactId))
    this.#resultOpen = this.#artifactIds.has(RESULT_ARTIFACT)
    this.view = createTaskView(record, () => this.#flush(false))
    // Whoever waits is told; when nobody does, a broken store is still no reason to crash.
    this.#settled.promise.catch(() => {})
  }

  /** Resolves when the end of the task is kept and shown. */
  get settled(): Promise<void> {
    return this.#settled.promise
  }

  /**
   * Keeps the record and the first event of the attempt, the Task. Nothing else may come before it,
   * but more may follow at once: nothing is shown before all that precedes it is kept.
   */
  async accept(): Promise<void> {
    const { id, contextId, message } = this.record
    const status = this.#status('TASK_STATE_SUBMITTED')
    const metadata = stamp({ attempt: this.attempt, seq: 0 })
    const artifacts = this.#carried
    const task = {
      id,
      contextId,
      status,
      ...(artifacts.length > 0 && { artifacts }),
      history: [message],
      metadata
    }
    const event = { attempt: this.attempt, seq: 0, at: this.#clock.now(), update: { task } }
    this.view.log.append(event, sizeOf(event.update))
    const commit =
      this.attempt === 1
        ? this.#store.accept(this.record, event)
        : this.#store.append(this.record, event, 'flushed')
    this.#showWhen(commit, 1)
    await commit
  }

  /** Resolves when it is kept that the work has begun. */
  begin(durability: Durability): Commit {
    this.started = true
    return this.#report(this.#status('TASK_STATE_WORKING'), durability)
  }

  text(delta: string): void {
    if (delta === '') return
    this.#held += delta
    // A reader that has read everything gets text at once; otherwise it gathers.
    if (this.#held.length >= LIMITS.deltaBytes.value || this.view.log.awaited) this.#flush(false)
    else this.#disarm ??= this.#clock.after(LIMITS.deltaDelay.value, () => this.#tick())
  }

  progress(text: string, fraction?: number): void {
    this.#flush(false)
    const metadata = fraction === undefined ? undefined : progressMetadata(fraction)
    void this.#report(this.#status('TASK_STATE_WORKING', text, metadata), 'written')
  }

  artifact({ artifactId, ...rest }: Parameters<OutputSink['artifact']>[0]): void {
    this.#flush(false)
    const id = artifactId ?? `artifact-${this.#artifactIds.size + 1}`
    this.#put({ artifact: { artifactId: id, ...rest }, lastChunk: true }, 'written')
  }

  /** The last event. What is held back goes before it. */
  end({ state, error }: Outcome): void {
    if (this.#ended) return
    this.#disarm?.()
    this.#closing = true
    this.#flush(true)
    this.#ended = true
    const details = error && errorMetadata(error.toWire())
    void this.#report(this.#status(state, error?.message, details), 'flushed')
  }

  /** Leaves the task as it is in the store, for the next process; readers are told to come back. */
  suspend(reason: LumosError): void {
    this.suspended = true
    this.#breakOff(reason)
  }

  #tick(): void {
    this.#disarm = undefined
    this.#flush(false)
  }

  #flush(last: boolean): void {
    if (this.#ended) return
    // An artifact that was begun needs its last chunk, if only an empty one.
    if (this.#held === '' && !(last && this.#resultOpen)) return
    const size = LIMITS.deltaBytes.value
    let text = this.#held
    this.#held = ''
    while (text.length > size) {
      this.#putText(text.slice(0, size), false)
      text = text.slice(size)
    }
    this.#putText(text, last)
  }

  #putText(text: string, last: boolean): void {
    const head = {
      artifactId: RESULT_ARTIFACT,
      ...(!this.#resultOpen && { name: RESULT_ARTIFACT })
    }
    const parts: Part[] = [{ text }]
    const append = this.#resultOpen && { append: true }
    this.#resultOpen = true
    this.#put(
      { artifact: { ...head, parts }, ...append, ...(last && { lastChunk: true }) },
      last ? 'written' : 'lazy'
    )
  }

  #put(
    update: { artifact: Artifact; append?: boolean; lastChunk?: boolean },
    durability: Durability
  ): void {
    const { id, contextId } = this.record
    this.#artifactIds.add(update.artifact.artifactId)
    void this.#append(
      (metadata) => ({ artifactUpdate: { taskId: id, contextId, ...update, metadata } }),
      durability
    )
  }

  #report(status: TaskStatus, durability: Durability): Commit {
    const { id, contextId } = this.record
    return this.#append(
      (metadata) => ({ statusUpdate: { taskId: id, contextId, status, metadata } }),
      durability
    )
  }

  #append(make: (metadata: JsonObject) => StreamResponse, durability: Durability): Commit {
    const { log } = this.view
    const position = { attempt: this.attempt, seq: log.length }
    const update = make(stamp(position))
    const bytes = sizeOf(update)
    if (!this.#hasRoom(bytes)) return undefined
    const event = { ...position, at: this.#clock.now(), update }
    log.append(event, bytes)
    const commit = this.#store.append(this.record, event, durability)
    if (durability === 'lazy' && log.visible === position.seq) this.#reveal(position.seq + 1)
    this.#showWhen(commit, position.seq + 1)
    return commit
  }

  #showWhen(commit: Commit, count: number): void {
    if (commit === undefined) this.#reveal(count)
    else {
      commit.then(
        () => this.#reveal(count),
        (cause: unknown) => this.#breakOff(toLumosError(cause))
      )
    }
  }

  #reveal(count: number): void {
    if (this.view.ended) return
    this.view.reveal(count)
    if (this.view.ended) this.#settled.resolve()
  }

  /** Events that cannot be kept may not be shown: the work is stopped and readers are told. */
  #breakOff(error: LumosError): void {
    if (this.#ended && this.view.ended) return
    this.#ended = true
    this.#disarm?.()
    this.stopping.abort(error)
    this.view.log.end(error)
    this.#settled.reject(error)
  }

  /** Too much output stops the agent; the events that say so always have room. */
  #hasRoom(bytes: number): boolean {
    if (this.#closing) return true
    const { messageBytes, taskOutputBytes, artifactsPerTask } = LIMITS
    const limit = Math.min(messageBytes.value, taskOutputBytes.value - this.view.log.bytes)
    if (bytes <= limit && this.#artifactIds.size <= artifactsPerTask.value) return true
    this.stopping.abort(new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes, limit } }))
    return false
  }

  #status(state: TaskState, text?: string, metadata?: JsonObject): TaskStatus {
    const { id, contextId } = this.record
    const timestamp = new Date(this.#clock.now()).toISOString()
    if (text === undefined) return { state, timestamp }
    const messageId = `${id}:${this.attempt}.${this.view.log.length}`
    const parts = [{ text }]
    return {
      state,
      timestamp,
      message: {
        messageId,
        taskId: id,
        contextId,
        role: 'ROLE_AGENT',
        parts,
        ...(metadata && { metadata })
      }
    }
  }
}
