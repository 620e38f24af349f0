/** One task that this node asked for: follows it to its end, through broken streams. */
import { TERMINAL_STATES } from '../../core/a2a.ts'
import type { Artifact, Message, StreamResponse, TaskState } from '../../core/a2a.ts'
import type { Usage } from '../../core/budget.ts'
import type { Clock } from '../../core/clock.ts'
import { LumosError, toLumosError, type WireError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { createCancelDelivery, type CancelDelivery } from './cancel-delivery.ts'
import { failureOf, type DelegationEvent } from './delegation-events.ts'
import { endOf, resultOf } from './delegation-end.ts'
import { afterBreak, LEFT, workerLost } from './delegation-failures.ts'
import type { DispatchEvent, DispatchOptions, Dispatching, Placement } from './dispatcher.ts'
import { DelegationLog } from './delegation-log.ts'
import type { Dialogue } from './dialogue.ts'
import { recallsOf, type Recall } from './recalls.ts'
import type { OpenOrder, OutboxRecord, OutboxStore } from './outbox-store.ts'
import { searchPatiently } from './patient-search.ts'
import { createMoveTimer, type MoveTimer } from './move-timer.ts'
import { createWorkerWait, type WorkerWait } from './worker-wait.ts'
import { createTaskAge, type TaskAge } from './task-age.ts'
import { TaskStory } from './task-story.ts'

export interface DelegationComponents extends Dispatching {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

export interface DelegationInit {
  readonly record: OutboxRecord
  readonly store: OutboxStore
  /** What an earlier process knew. */
  readonly restored?: OpenOrder
  /** Told of a worker that may have the task when nobody wants it any more. */
  readonly onRecall: (recall: Recall) => void
}

/** A worker that has taken up the stream again and says nothing for so long is back all the same. */
const SILENT_BUT_BACK_MS = 2000

export class Delegation {
  readonly record: OutboxRecord
  readonly log: DelegationLog
  updatedAt: number
  state: TaskState = 'TASK_STATE_SUBMITTED'
  error: WireError | undefined
  tookMs: number | undefined
  readonly #parts: DelegationComponents
  readonly #init: DelegationInit
  readonly #age: TaskAge
  readonly #isPatient: boolean
  readonly #story: TaskStory
  /** Aborts when it makes no sense to go on here: cancelled before acceptance, late, shutting down. */
  readonly #stopping = new AbortController()
  readonly #options: DispatchOptions
  #cancelling: boolean
  /** There while the worker is listened to. */
  #listening: AbortController | undefined
  /** Whether there is something to be sent without a pause. */
  #hurry = false
  readonly #wait: WorkerWait
  readonly #moves: MoveTimer
  #ending: Promise<void> | undefined
  readonly #cancelDelivery: CancelDelivery

  constructor(parts: DelegationComponents, init: DelegationInit) {
    const { record, store, restored } = init
    const { taskId, message } = record.order
    this.#parts = parts
    this.#moves = createMoveTimer(parts.clock)
    const dueInMs = () => (this.#mayMove ? this.#moves.dueInMs() : Infinity)
    this.#wait = createWorkerWait({ ...parts, moves: { dueInMs } })
    this.#cancelDelivery = createCancelDelivery(parts, { taskId, signal: this.#stopping.signal })
    this.#init = init
    this.#isPatient =
      record.patient === true || record.parent !== undefined || restored !== undefined
    this.record = record
    this.updatedAt = record.createdAt
    this.#age = createTaskAge(parts.clock, record)
    this.log = new DelegationLog(store, {
      id: taskId,
      told: restored?.events ?? [],
      onBroken: (error) => this.stop(error)
    })
    this.#options = { signal: this.#stopping.signal, remainingMs: () => this.#age.remainingMs() }
    this.#cancelling = restored?.cancelling ?? false
    this.#story = new TaskStory(this.log, {
      taskId,
      message,
      elapsed: () => this.#age.elapsedMs(),
      onStopped: (loser) => void this.#cancelDelivery.once(loser),
      told: restored?.events
    })
    this.state = this.#story.status?.state ?? this.state
  }

  get order(): OutboxRecord['order'] {
    return this.record.order
  }

  get ended(): boolean {
    return this.tookMs !== undefined
  }

  /** Whether it has ended for good: otherwise somebody has to take it up again. */
  get kept(): boolean {
    return this.ended && !this.log.broken
  }

  get placement(): Placement | undefined {
    return this.#story.placement
  }

  /** All workers that may have the task. */
  get holders(): readonly Placement[] {
    return this.#story.holders
  }

  get artifacts(): readonly Artifact[] {
    return this.#story.artifacts
  }

  get usage(): Usage | undefined {
    return this.#story.usage
  }

  get dialogue(): Dialogue {
    return this.#story.dialogue
  }

  /** Resolves when the end of the task is kept, or it is left to the next process; never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#stopping
    const disarm = this.#age.arm((late) => this.stop(late))
    try {
      // Wanted by an earlier process: what was never accepted need not be sent for it.
      if (this.#cancelling && !this.#story.accepted) throw new LumosError('CANCELLED')
      if (this.#story.isAtTwo) throw new LumosError('DELEGATION_FAILED')
      // Nobody had taken it in place of the worker that was away when an earlier process ended.
      this.#story.returned()
      if (this.#story.holder === undefined) {
        await (this.#isPatient ? this.#dispatchPatiently() : this.#dispatch())
      }
      for (let attempt = 0; !this.ended; attempt += 1) {
        const before = this.#story.position
        if (this.placement !== undefined) await this.#wait.before(attempt, this.placement, signal)
        await (this.#shouldMove() ? this.#move() : this.#resume())
        if (this.#story.position !== before || this.#hurry) attempt = -1
        this.#hurry = false
      }
    } catch (error) {
      this.#giveUp(toLumosError(signal.aborted ? signal.reason : error))
    } finally {
      disarm()
      this.#cancelDelivery.stop()
    }
    await this.#ending
  }

  /** Stops following. The worker, if there is one, is told when the reason is ours and final. */
  stop(reason: LumosError): void {
    this.#stopping.abort(reason)
  }

  /** Asks the worker to stop; if it cannot be reached, it is asked as soon as it can, even by a later process. */
  async cancel(): Promise<void> {
    const { taskId } = this.order
    if (this.ended) throw new LumosError('TASK_NOT_CANCELABLE', { details: { task: taskId } })
    this.#cancelling = true
    await this.#init.store.cancel(taskId)
    if (this.ended) return
    if (this.#story.accepted && this.placement) void this.#cancelDelivery.tell(this.placement)
    else this.stop(new LumosError('CANCELLED'))
  }

  /**
   * Resolves when the answer is on disk; it is sent until the worker has it, also by a later
   * process. The same one again is the same. TASK_NOT_WAITING, TASK_CONFLICT.
   */
  async answer(message: Message): Promise<void> {
    if (this.dialogue.wants(message)) this.#story.answered(message)
    await this.#story.kept
    if (this.log.broken) throw this.#stopping.signal.reason
    this.#hurry = true
    this.#listening?.abort()
  }

  /** Whether it is time to ask another one than the worker that has the task and is away. */
  #shouldMove(): boolean {
    const { placement } = this.#story
    if (placement === undefined || !this.#mayMove) return false
    return this.#moves.isDue(this.#parts.dispatcher.isReachable(placement))
  }

  get #mayMove(): boolean {
    return !this.#cancelling && this.#story.canMove
  }

  /** Gives the task to another worker; if none takes it, the one that has it is waited for as before. */
  async #move(): Promise<void> {
    try {
      await this.#dispatch({ isMove: true })
    } catch (error) {
      if (this.#stopping.signal.aborted) throw error
    }
    if (!this.ended && this.#story.returned()) this.#story.lost(new LumosError('SESSION_CLOSED'))
  }

  /** Its worker has lost it: another one goes on from what that one had said, if one is sure to have taken it. */
  async #goOnElsewhere(lost: LumosError): Promise<void> {
    const before = this.#story.owner
    await this.#dispatch({ isMove: true })
    if (this.ended || this.#story.owner !== before) return
    const { isElsewhere, holder } = this.#story
    // The one that may have it is told to stop, as with every end of ours.
    throw isElsewhere && holder !== undefined ? new LumosError('DELEGATION_FAILED') : lost
  }

  async #dispatch({ isMove = false } = {}): Promise<void> {
    try {
      const options = { ...this.#options, ...this.#story.known(isMove) }
      for await (const event of this.#parts.dispatcher.dispatch(this.order, options)) {
        this.#takeDispatch(event)
        // What comes after a question comes by a subscription, which an answer can interrupt.
        if (this.ended || this.dialogue.question !== undefined) return
        if (event.type !== 'update' && this.#story.mustBeKept) await this.#story.kept
      }
      if (!this.#story.accepted) throw new LumosError('STREAM_TRUNCATED')
    } catch (error) {
      const broken = toLumosError(error)
      if (this.#stopping.signal.aborted || !broken.retry) throw error
      if (!this.#story.accepted) {
        this.#story.failed(broken)
        // One that may have what could do harm is waited for like one that has it.
        if (!this.#isPatient || broken.details['onlyPeer'] === undefined) throw error
      }
      this.#lost(broken)
    }
  }

  #lost(error: LumosError): void {
    this.#story.lost(error)
    if (error.code === 'PEER_SILENT') this.#moves.hurry()
  }

  #dispatchPatiently(): Promise<void> {
    return searchPatiently(this.#parts, {
      record: this.record,
      look: () => this.#dispatch(),
      found: () => this.#story.accepted,
      signal: this.#stopping.signal
    })
  }

  async #resume(): Promise<void> {
    const { clock, dispatcher } = this.#parts
    const { placement } = this
    if (placement === undefined) return
    const listening = new AbortController()
    const signal = AbortSignal.any([this.#stopping.signal, listening.signal])
    let disarm: (() => void) | undefined
    try {
      if (this.#cancelling) await this.#cancelDelivery.tell(placement)
      disarm = clock.after(SILENT_BUT_BACK_MS, () => this.#story.found())
      this.#listening = listening
      const options = { ...this.#options, signal }
      const place = { placement, order: this.order, ...this.#story.next }
      for await (const update of dispatcher.resume(place, options)) {
        this.#take(update)
        if (this.ended) return
      }
    } catch (cause) {
      if (this.#stopping.signal.aborted) throw cause
      // Else there is an answer to be sent.
      if (!listening.signal.aborted) await this.#afterBreak(placement, toLumosError(cause))
    } finally {
      disarm?.()
      this.#listening = undefined
    }
  }

  /** Returns when the same worker is to be asked once more. */
  async #afterBreak(placement: Placement, error: LumosError): Promise<void> {
    const next = afterBreak(error, placement, this.#story)
    if (next === 'lost') return this.#goOnElsewhere(workerLost(placement, error))
    if (next === 'unwanted') this.dialogue.answer = undefined
    if (next === 'refused') this.#story.retry({ type: 'retry', error, maybeTaken: false })
    if (next === 'refused' || next === 'search') return this.#dispatchPatiently()
    if (next === 'wait') this.#lost(error)
  }

  #takeDispatch(event: DispatchEvent): void {
    if (event.type === 'update') return this.#take(event.update)
    this.#parts.onDispatch?.(event)
    this.#story.dispatched(event)
  }

  #take(update: StreamResponse): void {
    const { isElsewhere, placement } = this.#story
    if (this.#story.take(update)) this.#checkEnd()
    // Told before, it would not have known the task.
    if (isElsewhere && this.#cancelling && placement) void this.#cancelDelivery.tell(placement)
  }

  #checkEnd(): void {
    const { status } = this.#story
    if (status === undefined) return
    this.updatedAt = this.#parts.clock.now()
    this.state = status.state
    if (!TERMINAL_STATES.has(status.state)) return
    const result = this.#result(failureOf(status, this.order.taskId))
    if (result === undefined) return
    const recalls = recallsOf(this.record, this.#story.leftInDoubt)
    this.#ending = this.log.finish(endOf(this), result, recalls)
    this.#begin(recalls)
  }

  /** Takes the end down; `undefined` when there is nothing left to tell. */
  #result(error: WireError | undefined): DelegationEvent | undefined {
    const { placement } = this
    if (this.ended || placement === undefined) return undefined
    this.error = error
    this.tookMs = this.#age.elapsedMs()
    const result = resultOf(this, placement.worker, this.#story.firstEventMs)
    this.dialogue.hear(result)
    return result
  }

  /** Before acceptance there is no task to speak of, and readers get the error itself. */
  #giveUp(error: LumosError): void {
    if (this.ended) return
    // The same words from a worker are about that one's disk, not ours.
    if (this.#stopping.signal.aborted && LEFT.has(error.code)) {
      this.log.leave(error)
      return
    }
    const cancelled = error.code === 'CANCELLED'
    this.state = cancelled ? 'TASK_STATE_CANCELED' : 'TASK_STATE_FAILED'
    this.updatedAt = this.#parts.clock.now()
    // The last one even if it refused: the same order, refused by the disk here, may have come to it before.
    const last = error.code === 'WORKER_LOST' ? undefined : this.placement
    const recalls = recallsOf(this.record, [...this.#story.leftInDoubt, ...(last ? [last] : [])])
    if (this.#story.accepted || (cancelled && this.placement !== undefined)) {
      const result = this.#result(error.toWire())
      if (result !== undefined) this.#ending = this.log.end(endOf(this), result, recalls)
    } else {
      this.error = error.toWire()
      this.tookMs = this.#age.elapsedMs()
      this.#ending = this.log.end(endOf(this), error, recalls)
    }
    this.#begin(recalls)
  }

  /** That they are to be told is on its way to the disk before that they were. */
  #begin(recalls: readonly Recall[]): void {
    for (const recall of recalls) this.#init.onRecall(recall)
  }
}
