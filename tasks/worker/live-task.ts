/** A task that is being worked on: numbers its events, has them kept, then shows them. */
import type { Artifact, Message, Part, StreamResponse, TaskStatus } from '../../core/a2a.ts'
import type { Usage } from '../../core/budget.ts'
import type { Clock } from '../../core/clock.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import { createPurse } from '../../core/purse.ts'
import type { Purse } from '../../core/purse.ts'
import { usageMetadata } from '../../protocols/a2a/chain.ts'
import { errorMetadata, progressMetadata, stamp } from '../../protocols/a2a/extensions.ts'
import type { ProgressDetails } from '../../protocols/a2a/extensions.ts'
import { turnMetadata } from '../../protocols/a2a/turn.ts'
import { sizeOf } from '../task-fold.ts'
import type { Outcome, OutputSink, Question } from './execution.ts'
import { createHeldText } from './held-text.ts'
import type { HeldText } from './held-text.ts'
import { pieceOf } from './text-piece.ts'
import type { Commit, Durability, TaskEvent, TaskRecord, TaskStore } from './task-store.ts'
import { createTaskView } from './task-view.ts'
import type { GrowingTaskView } from './task-view.ts'
import { isAsking, questionOf } from './turns.ts'

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
  /** What was said before this attempt; without it, only the message that the task began with. */
  readonly history?: readonly Message[]
  /** On the task, in earlier attempts. */
  readonly spent?: Usage
}

/** The artifact that an agent's plain text becomes. */
const RESULT_ARTIFACT = 'result'

export class LiveTask implements OutputSink {
  readonly record: TaskRecord
  readonly view: GrowingTaskView
  readonly attempt: number
  /** What may be spent on it, over all its runs. */
  readonly purse: Purse
  /** Aborts with the reason why the agent has to stop. */
  readonly stopping = new AbortController()
  /** Whether the agent is at work. */
  started = false
  suspended = false
  /** What was said up to the message that the agent works on, or worked on last. */
  history: readonly Message[]
  readonly #settled = Promise.withResolvers<void>()
  /** There while somebody waits for the task to end or to ask. */
  #resting: PromiseWithResolvers<void> | undefined
  #turning: Promise<void> | undefined
  readonly #clock: Clock
  readonly #store: TaskStore
  /** Text that no event carries yet. */
  readonly #held: HeldText
  #resultOpen = false
  readonly #artifactIds: Set<string>
  readonly #carried: readonly Artifact[]
  #closing = false
  #ended = false
  /** What it says from now on is nobody's: the next process or a mend goes on from what was kept. */
  #broken = false

  constructor({ clock, store }: LiveTaskComponents, init: LiveTaskInit) {
    const { record, attempt, artifacts, history = [record.message], spent } = init
    this.purse = createPurse(record.chain?.budget, spent)
    this.#clock = clock
    this.#store = store
    this.record = record
    this.attempt = attempt
    this.history = history
    this.#carried = artifacts
    this.#artifactIds = new Set(artifacts.map(({ artifactId }) => artifactId))
    this.#resultOpen = this.#artifactIds.has(RESULT_ARTIFACT)
    this.view = createTaskView(record, () => this.#held.wanted())
    this.#held = createHeldText({
      clock,
      isAwaited: () => this.view.log.awaited,
      give: () => this.#flush(false)
    })
    // Whoever waits is told; when nobody does, a broken store is still no reason to crash.
    this.#settled.promise.catch(() => {})
  }

  /** Resolves when the end of the task is kept and shown. */
  get settled(): Promise<void> {
    return this.#settled.promise
  }

  /** Resolves when the task has ended or waits for its caller. */
  get rested(): Promise<void> {
    if (this.#ended) return this.settled
    if (this.asking) return Promise.resolve()
    this.#resting ??= Promise.withResolvers()
    this.#resting.promise.catch(() => {})
    return this.#resting.promise
  }

  /** Whether a message of the caller would be taken up. */
  get asking(): boolean {
    return !this.#ended && this.#turning === undefined && isAsking(this.view.status)
  }

  /** The message that is being written down; resolves when it is kept. */
  get turning(): Promise<void> | undefined {
    return this.#turning
  }

  /**
   * Keeps the record and the first event of the attempt, the Task. Nothing else may come before it,
   * but more may follow at once: nothing is shown before all that precedes it is kept. With `begun`
   * the work begins in the same moment, and needs no event of its own.
   */
  async accept({ begun = false }: { readonly begun?: boolean } = {}): Promise<void> {
    const { id, contextId } = this.record
    this.started = begun
    const status = this.#status(begun ? 'TASK_STATE_WORKING' : 'TASK_STATE_SUBMITTED')
    const metadata = { ...stamp({ attempt: this.attempt, seq: 0 }), ...this.#usage(false) }
    const artifacts = this.#carried
    const task = {
      id,
      contextId,
      status,
      ...(artifacts.length > 0 && { artifacts }),
      history: this.history,
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

  /** Takes up again what an earlier process left waiting for its caller; `events` are all of the attempt. */
  restore(events: readonly TaskEvent[]): void {
    for (const event of events) {
      this.view.add(event)
      const { artifact, lastChunk } = event.update.artifactUpdate ?? {}
      if (artifact === undefined) continue
      this.#artifactIds.add(artifact.artifactId)
      if (artifact.artifactId === RESULT_ARTIFACT) this.#resultOpen = lastChunk !== true
    }
    this.history = this.view.history
  }

  /** Resolves when it is kept that the work has begun. */
  begin(durability: Durability): Commit {
    this.started = true
    return this.#report(this.#status('TASK_STATE_WORKING'), durability)
  }

  text(delta: string): void {
    if (delta !== '') this.#held.add(delta)
  }

  progress(text: string, details: ProgressDetails = {}): void {
    this.#flush(false)
    const metadata = progressMetadata(details)
    void this.#report(this.#status('TASK_STATE_WORKING', text, metadata), 'written')
  }

  artifact({ artifactId, ...rest }: Parameters<OutputSink['artifact']>[0]): void {
    this.#flush(false)
    const id = artifactId ?? `artifact-${this.#artifactIds.size + 1}`
    this.#put({ artifact: { artifactId: id, ...rest }, lastChunk: true }, 'written')
  }

  /** The agent has ended with a question. The text so far may go on with its next run. */
  ask({ state, text, parts = [] }: Question): void {
    this.#flush(false)
    this.started = false
    const status = this.#status(state, [{ text }, ...parts])
    // On disk before it is shown: who was asked must be able to answer, whatever happens.
    void this.#report(status, 'flushed', this.#usage())
  }

  /**
   * Takes up the caller's answer; resolves when it is kept.
   *
   * @throws PAYLOAD_TOO_LARGE when the task has no room for it
   */
  async answer(message: Message): Promise<void> {
    this.#checkRoom(message)
    const status = this.#status('TASK_STATE_SUBMITTED')
    const question = questionOf(this.view.status)
    this.history = [...this.history, ...(question ? [question] : []), message]
    this.#turning = Promise.resolve(this.#report(status, 'flushed', turnMetadata(message)))
    try {
      await this.#turning
    } finally {
      this.#turning = undefined
    }
  }

  /** The last event. What is held back goes before it. */
  end({ state, error }: Outcome): void {
    if (this.#ended) return
    this.#held.stop()
    this.#closing = true
    this.#flush(true)
    this.#ended = true
    const details = error && errorMetadata(error.toWire())
    void this.#report(this.#status(state, error?.message, details), 'flushed', this.#usage())
  }

  /** Leaves the task as it is in the store, for the next process; readers are told to come back. */
  suspend(reason: LumosError): void {
    this.suspended = true
    this.#breakOff(reason)
  }

  #flush(last: boolean): void {
    if (this.#ended) return
    let text = this.#held.take()
    // An artifact that was begun needs its last chunk, if only an empty one.
    if (text === '' && !(last && this.#resultOpen)) return
    while (text.length > LIMITS.deltaBytes.value) {
      const piece = pieceOf(text)
      this.#putText(piece, false)
      text = text.slice(piece.length)
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

  #report(status: TaskStatus, durability: Durability, more?: JsonObject): Commit {
    const { id, contextId } = this.record
    return this.#append(
      (metadata) => ({
        statusUpdate: { taskId: id, contextId, status, metadata: { ...metadata, ...more } }
      }),
      durability
    )
  }

  #append(make: (metadata: JsonObject) => StreamResponse, durability: Durability): Commit {
    if (this.#broken) return undefined
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
    if (this.#resting === undefined || !(this.view.ended || isAsking(this.view.status))) return
    this.#resting.resolve()
    this.#resting = undefined
  }

  /** Events that cannot be kept may not be shown: the work is stopped and readers are told. */
  #breakOff(error: LumosError): void {
    if (this.#ended && this.view.ended) return
    this.#ended = true
    this.#broken = true
    this.#held.stop()
    this.stopping.abort(error)
    this.view.log.end(error)
    this.#settled.reject(error)
    this.#resting?.reject(error)
  }

  /** Whoever gave the budget is told even that nothing of it was spent. */
  #usage(isCounted = this.record.chain?.budget !== undefined): JsonObject {
    return usageMetadata(this.purse.used, isCounted)
  }

  /** Too much output stops the agent; the events that say so always have room. */
  #hasRoom(bytes: number): boolean {
    if (this.#closing) return true
    const limit = this.#room()
    if (bytes <= limit && this.#artifactIds.size <= LIMITS.artifactsPerTask.value) return true
    this.stopping.abort(new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes, limit } }))
    return false
  }

  /** The agent is not to blame for what its caller says: it is refused, and the task goes on waiting. */
  #checkRoom(message: Message): void {
    const turns = this.history.filter(({ role }) => role === 'ROLE_USER').length
    if (turns >= LIMITS.turnsPerTask.value) {
      const limit = LIMITS.turnsPerTask.value
      throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes: turns + 1, limit } })
    }
    const limit = this.#room()
    // What the update needs besides is as much again as an empty one.
    const bytes = sizeOf({ message }) + sizeOf({})
    if (bytes > limit) throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes, limit } })
  }

  /** Bytes that one more event may have. */
  #room(): number {
    const { messageBytes, taskOutputBytes } = LIMITS
    return Math.min(messageBytes.value, taskOutputBytes.value - this.view.log.bytes)
  }

  #status(
    state: TaskStatus['state'],
    said?: string | readonly Part[],
    metadata?: JsonObject
  ): TaskStatus {
    const { id, contextId } = this.record
    const timestamp = new Date(this.#clock.now()).toISOString()
    if (said === undefined) return { state, timestamp }
    const messageId = `${id}:${this.attempt}.${this.view.log.length}`
    const parts = typeof said === 'string' ? [{ text: said }] : said
    const about = { messageId, taskId: id, contextId, ...(metadata && { metadata }) }
    return { state, timestamp, message: { ...about, role: 'ROLE_AGENT', parts } }
  }
}
