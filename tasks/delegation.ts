/** One task that this node asked for: follows it to its end, through broken streams. */
import type { Artifact, Message, StreamResponse, TaskState } from '../core/a2a.ts'
import { TERMINAL_STATES } from '../core/a2a.ts'
import type { Clock } from '../core/clock.ts'
import { LumosError, toLumosError } from '../core/errors.ts'
import type { ErrorCode, WireError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Logger } from '../core/logger.ts'
import type { Random } from '../core/random.ts'
import { positionOf } from '../protocols/a2a/extensions.ts'
import type { Position } from '../protocols/a2a/extensions.ts'
import { eventsOf, failureOf } from './delegation-events.ts'
import type { DelegationEvent } from './delegation-events.ts'
import type {
  DispatchEvent,
  DispatchOptions,
  Dispatcher,
  Placement,
  WorkOrder
} from './dispatcher.ts'
import { createEventLog } from './event-log.ts'
import { retryDelay } from './retry-delay.ts'
import { createTaskFold, sizeOf } from './task-fold.ts'

export interface DelegationComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly dispatcher: Dispatcher
}

export interface DelegationInit {
  readonly order: WorkOrder
  readonly payloadHash: string
  /** Milliseconds the task may take; `Infinity` for no deadline. */
  readonly timeoutMs: number
}

/** After these the worker has nothing to resume. */
const LOST: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['TASK_NOT_FOUND', 'TASK_GONE'])

/** After these there is nobody to tell, or no need: a stopping node's task may go on. */
const UNHEARD: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['WORKER_LOST', 'SHUTTING_DOWN'])

export class Delegation {
  readonly order: WorkOrder
  readonly payloadHash: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  updatedAt: number
  state: TaskState = 'TASK_STATE_SUBMITTED'
  error: WireError | undefined
  placement: Placement | undefined
  tookMs: number | undefined
  /** Numbered from 0 without gaps; what `lumos run` and `lumos tasks watch` print. */
  readonly log = createEventLog<DelegationEvent>()
  readonly #parts: DelegationComponents
  readonly #timeoutMs: number
  readonly #began: number
  readonly #fold = createTaskFold()
  /** Aborts when it makes no sense to go on here: cancelled before acceptance, late, shutting down. */
  readonly #stopping = new AbortController()
  readonly #options: DispatchOptions
  #position: Position | undefined
  #accepted = false
  #firstEventMs: number | null = null
  #cancelling = false
  #bytes = 0
  #stuckSince = 0

  constructor(parts: DelegationComponents, { order, payloadHash, timeoutMs }: DelegationInit) {
    this.#parts = parts
    this.order = order
    this.payloadHash = payloadHash
    this.#timeoutMs = timeoutMs
    this.createdAt = this.updatedAt = parts.clock.now()
    this.#began = parts.clock.monotonic()
    this.#options = {
      signal: this.#stopping.signal,
      remainingMs: () => timeoutMs - this.#elapsed()
    }
  }

  get ended(): boolean {
    return this.tookMs !== undefined
  }

  get message(): Message {
    return this.order.message
  }

  get artifacts(): readonly Artifact[] {
    return this.#fold.artifacts()
  }

  /** Resolves when the task has ended, or is given up; never rejects. */
  async run(): Promise<void> {
    const { clock } = this.#parts
    const { signal } = this.#stopping
    const disarm = Number.isFinite(this.#timeoutMs)
      ? clock.after(this.#timeoutMs, () => this.stop(timedOut(this.#timeoutMs)))
      : undefined
    try {
      await this.#dispatch()
      for (let attempt = 0; !this.ended; attempt += 1) {
        const before = this.#position
        await this.#pause(attempt)
        await this.#resume()
        if (this.#position !== before) attempt = -1
      }
    } catch (error) {
      this.#giveUp(toLumosError(signal.aborted ? signal.reason : error))
    } finally {
      disarm?.()
    }
  }

  /** Stops following. The worker, if there is one, is told when the reason is ours and final. */
  stop(reason: LumosError): void {
    this.#stopping.abort(reason)
  }

  /** Asks the worker to stop; if it cannot be reached, it is asked as soon as it can. */
  cancel(): void {
    if (this.ended) {
      throw new LumosError('TASK_NOT_CANCELABLE', { details: { task: this.order.taskId } })
    }
    this.#cancelling = true
    if (this.#accepted) void this.#tellWorker()
    else this.stop(new LumosError('CANCELLED'))
  }

  async #dispatch(): Promise<void> {
    try {
      const events = this.#parts.dispatcher.dispatch(this.order, this.#options)
      for await (const event of events) {
        this.#takeDispatch(event)
        if (this.ended) return
      }
      if (!this.#accepted) throw new LumosError('STREAM_TRUNCATED')
    } catch (error) {
      const broken = toLumosError(error)
      if (!this.#accepted || this.#stopping.signal.aborted || !broken.retry) throw error
      this.#retry(broken)
    }
  }

  async #resume(): Promise<void> {
    const { dispatcher } = this.#parts
    const { placement } = this
    if (placement === undefined) return
    const after = this.#position
    const place = { placement, taskId: this.order.taskId, ...(after && { after }) }
    try {
      if (this.#cancelling) await this.#tellWorker()
      for await (const update of dispatcher.resume(place, this.#options)) {
        this.#take(update)
        if (this.ended) return
      }
    } catch (cause) {
      if (this.#stopping.signal.aborted) throw cause
      const error = toLumosError(cause)
      if (LOST.has(error.code)) {
        throw new LumosError('WORKER_LOST', { cause, details: { peer: placement.worker.name } })
      }
      if (!error.retry) throw error
      this.#parts.logger.debug('could not resume a task yet', {
        task: this.order.taskId,
        code: error.code
      })
    }
  }

  /** Until the worker is back, or for a random while: whichever ends first. */
  async #pause(attempt: number): Promise<void> {
    const { clock, random, dispatcher } = this.#parts
    const { signal } = this.#stopping
    const { placement } = this
    if (attempt === 0) this.#stuckSince = this.#elapsed()
    if (placement === undefined) return
    this.#checkPatience(placement)
    const here = dispatcher.isReachable(placement)
    if (here && attempt === 0) return
    const waiting = new AbortController()
    const either = AbortSignal.any([signal, waiting.signal])
    const pause = clock.sleep(retryDelay(random, attempt), either)
    // A worker that is here and yet makes no progress is no reason to hurry.
    await (here ? pause : Promise.race([pause, dispatcher.whenReachable(placement, either)]))
    waiting.abort()
    signal.throwIfAborted()
  }

  /** A deadline ends the waiting by itself; without one, it has an end all the same. */
  #checkPatience({ worker }: Placement): void {
    if (this.#elapsed() - this.#stuckSince <= LIMITS.resumeWindow.value) return
    throw new LumosError('WORKER_LOST', { details: { peer: worker.name } })
  }

  #takeDispatch(event: DispatchEvent): void {
    if (event.type === 'update') this.#take(event.update)
    else if (event.type === 'retry') this.#retry(event.error)
    else {
      const { placement, candidates, lookupMs } = event
      this.placement = placement
      this.#tell({ type: 'routed', candidates, ...placement, lookupMs })
    }
  }

  #take(update: StreamResponse): void {
    const position = positionOf(update)
    if (!this.#isNew(update, position)) return
    this.#checkOwner(update)
    this.#bytes += sizeOf(update)
    const limit = LIMITS.taskOutputBytes.value
    if (this.#bytes > limit) {
      throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes: this.#bytes, limit } })
    }
    this.#position = position
    this.#fold.apply(update)
    const atMs = this.#elapsed()
    if (!this.#accepted) {
      this.#accepted = true
      this.#tell({ type: 'accepted', taskId: this.order.taskId, atMs })
    }
    for (const event of eventsOf(update, atMs)) {
      this.#firstEventMs ??= atMs
      this.#tell(event)
    }
    this.#checkEnd()
  }

  /** Repeats are dropped; throws EVENT_GAP when something is missing in between. */
  #isNew({ task }: StreamResponse, position: Position | undefined): boolean {
    const held = this.#position
    if (position === undefined || held === undefined) return true
    if (position.attempt < held.attempt) return false
    if (position.attempt === held.attempt && position.seq <= held.seq) return false
    if (task !== undefined) return true
    if (position.attempt === held.attempt && position.seq === held.seq + 1) return true
    throw new LumosError('EVENT_GAP')
  }

  #checkOwner({ task, statusUpdate, artifactUpdate }: StreamResponse): void {
    const id = task?.id ?? (statusUpdate ?? artifactUpdate)?.taskId
    if (id === this.order.taskId) return
    throw new LumosError('AGENT_RESPONSE_INVALID', {
      details: { reason: 'it is not about the task that was asked for' }
    })
  }

  #checkEnd(): void {
    const { status } = this.#fold
    if (status === undefined) return
    this.updatedAt = this.#parts.clock.now()
    this.state = status.state
    if (TERMINAL_STATES.has(status.state)) this.#end(failureOf(status, this.order.taskId))
  }

  #end(error: WireError | undefined): void {
    if (this.ended || this.placement === undefined) return
    this.error = error
    this.tookMs = this.#elapsed()
    const { worker } = this.placement
    const { taskId } = this.order
    this.#tell({
      type: 'result',
      taskId,
      state: this.state,
      artifacts: this.artifacts,
      worker,
      tookMs: this.tookMs,
      firstEventMs: this.#firstEventMs,
      ...(error && { error })
    })
    this.log.end()
  }

  /** Before acceptance there is no task to speak of, and readers get the error itself. */
  #giveUp(error: LumosError): void {
    if (this.ended) return
    const cancelled = error.code === 'CANCELLED'
    this.state = cancelled ? 'TASK_STATE_CANCELED' : 'TASK_STATE_FAILED'
    this.updatedAt = this.#parts.clock.now()
    if (!UNHEARD.has(error.code)) void this.#tellWorker()
    if (this.#accepted || (cancelled && this.placement !== undefined)) {
      this.#end(error.toWire())
      return
    }
    this.error = error.toWire()
    this.tookMs = this.#elapsed()
    this.log.end(error)
  }

  async #tellWorker(): Promise<void> {
    const { dispatcher, logger } = this.#parts
    const { taskId } = this.order
    if (this.placement === undefined) return
    try {
      await dispatcher.cancel(this.placement, taskId)
    } catch (error) {
      logger.debug('a worker was not told to stop', {
        task: taskId,
        code: toLumosError(error).code
      })
    }
  }

  #retry(error: LumosError): void {
    this.#tell({ type: 'retry', error: error.toWire(), atMs: this.#elapsed() })
  }

  #tell(event: DelegationEvent): void {
    this.log.append(event, sizeOfEvent(event))
    this.log.reveal(this.log.length)
  }

  #elapsed(): number {
    return Math.round(this.#parts.clock.monotonic() - this.#began)
  }
}

/** Bytes, near enough for the backlog of readers. */
function sizeOfEvent(event: DelegationEvent): number {
  if (event.type !== 'artifact') return 256
  return sizeOf({ artifactUpdate: { taskId: '', contextId: '', artifact: event.artifact } })
}

function timedOut(timeoutMs: number): LumosError {
  return new LumosError('TIMED_OUT', { details: { timeoutMs } })
}
