/** What this node has heard of a task that it asked for: checked, kept, and told on. */
import type { Artifact, Message, StreamResponse, TaskStatus } from '../../core/a2a.ts'
import type { Usage } from '../../core/budget.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { usageOf } from '../../protocols/a2a/chain.ts'
import { positionOf } from '../../protocols/a2a/extensions.ts'
import type { Position } from '../../protocols/a2a/extensions.ts'
import type { Handover } from '../../protocols/a2a/handover.ts'
import { handoverOf } from '../handover.ts'
import { createTaskFold, sizeOf } from '../task-fold.ts'
import { eventsOf } from './delegation-events.ts'
import type { DelegationEvent } from './delegation-events.ts'
import type { DelegationLog } from './delegation-log.ts'
import { Dialogue } from './dialogue.ts'
import type { DispatchEvent, DispatchOptions, Placement } from './dispatcher.ts'
import { Holders, isSame } from './holders.ts'
import type { OutboxEvent } from './outbox-store.ts'

export interface TaskStoryInit {
  readonly taskId: string
  /** What was asked for. */
  readonly message: Message
  /** Told of a worker that is to be told to stop, though the task goes on. */
  readonly onStopped: (loser: Placement) => void
  /** Milliseconds since the task was asked for. */
  readonly elapsed: () => number
  /** What an earlier process knew; absent when there was none. */
  readonly told?: readonly OutboxEvent[] | undefined
}

export class TaskStory {
  readonly #holders = new Holders()
  /** How often a worker was looked for, and how often one was found. */
  #looks = 0
  #routes = 0
  /** Whether the worker has said that it took it. */
  accepted = false
  /** Whether readers know that contact with the worker is lost. */
  waiting = false
  /** The last event of the worker's log that is here. */
  position: Position | undefined
  firstEventMs: number | null = null
  /** What the worker says was spent on the task. */
  usage: Usage | undefined
  readonly dialogue: Dialogue
  readonly #log: DelegationLog
  readonly #init: TaskStoryInit
  #fold = createTaskFold()
  #bytes = 0
  #kept: Promise<void> = Promise.resolve()
  /** Why the worker that was told last is in doubt; `undefined` when it is not. */
  #doubtTold: string | undefined

  constructor(log: DelegationLog, init: TaskStoryInit) {
    this.#log = log
    this.#init = init
    this.dialogue = new Dialogue(init.taskId, init.message)
    if (init.told === undefined) return
    this.#looks = 1
    this.#restore(init.told)
  }

  /** Who has the task, or was given it last. */
  get placement(): Placement | undefined {
    return this.#holders.placement
  }

  get leftInDoubt(): readonly Placement[] {
    return this.#holders.leftInDoubt
  }

  /** All workers that may have the task. */
  get holders(): readonly Placement[] {
    return this.#holders.inDoubt
  }

  get holder(): Placement | undefined {
    return this.#holders.holder
  }

  get isElsewhere(): boolean {
    return this.#holders.isElsewhere
  }

  /** What whoever looks for a worker has to know; with `isMove`, for another one than this one. */
  known(
    isMove: boolean
  ): Pick<DispatchOptions, 'inDoubt' | 'except' | 'isMove'> & { readonly handover?: Handover } {
    const { inDoubt, placement, stopped } = this.#holders
    this.#looks += 1
    const except = isMove && placement !== undefined ? [...stopped, placement] : stopped
    const handover = isMove ? this.#handover : undefined
    return { inDoubt, except, isMove, ...(handover && { handover }) }
  }

  /** Whether another worker may be asked in place of the one that took it: nobody waits for what only that one knows. */
  get canMove(): boolean {
    return this.owner?.idempotent === true && !this.#isTalk
  }

  /** Likewise once that one is sure not to be at it: what it did behind its last word may be done again. */
  get canGoOnElsewhere(): boolean {
    return (this.canMove || this.owner?.resumable === true) && !this.#isTalk
  }

  /** Whether an earlier process looked for another worker for what two may not do at the same time. */
  get isAtTwo(): boolean {
    return this.isElsewhere && this.owner?.idempotent !== true
  }

  /** Whether the worker is to be given an answer. */
  get isAnswering(): boolean {
    return this.dialogue.answer !== undefined
  }

  /** Whose events are here. */
  get owner(): Placement | undefined {
    return this.#holders.owner
  }

  /** What the next worker is told, when its agent can go on from there. */
  get #handover(): Handover | undefined {
    if (this.owner?.resumable !== true) return undefined
    const { taskId, message } = this.#init
    return handoverOf(this.#log.told(0), { taskId, message, attempt: this.position?.attempt ?? 1 })
  }

  get #isTalk(): boolean {
    const { question, answer, history } = this.dialogue
    return question !== undefined || answer !== undefined || history.length > 1
  }

  /**
   * Whether the task may be sent only when it is kept whom it goes to. A process that comes back must ask
   * the same worker, or harm could be done twice; and recall the task from all that may have it. Only
   * what leaves while the order is written does not wait for that.
   */
  get mustBeKept(): boolean {
    const isInDoubt = this.placement?.idempotent === false || this.leftInDoubt.length > 0
    return isInDoubt || this.#looks > 1 || this.#routes > 1
  }

  /** Resolves when everything told so far is kept. */
  get kept(): Promise<void> {
    return this.#kept
  }

  /** What the worker said last about the state. */
  get status(): TaskStatus | undefined {
    return this.#fold.status
  }

  get artifacts(): readonly Artifact[] {
    return this.#fold.artifacts()
  }

  /** What the worker is to be asked next: what comes behind all that is here, or what comes of an answer. */
  get next(): { readonly after?: Position; readonly answer?: Message } {
    const { dialogue } = this
    // Of another one's log it says nothing.
    const after = this.isElsewhere ? undefined : this.position
    const { answer } = dialogue
    return { ...(after && { after }), ...(answer && { answer }) }
  }

  dispatched(event: Exclude<DispatchEvent, { type: 'update' }>): void {
    const { stopped } = this.#holders
    const before = stopped.length
    if (event.type === 'routed') this.routed(event)
    else if (event.type === 'retry') this.retry(event)
    else if (event.type === 'hedged') this.#hedged(event)
    else this.#unhedged(event)
    for (const loser of stopped.slice(before)) void this.#dismiss(loser)
  }

  /** Once it is on disk that it is not asked again; what it does not hear now, it hears when the task has ended. */
  async #dismiss(loser: Placement): Promise<void> {
    await this.#kept
    if (!this.#log.broken) this.#init.onStopped(loser)
  }

  routed({ placement, ...facts }: Extract<DispatchEvent, { type: 'routed' }>): void {
    const { holder } = this
    const isDecided = this.#holders.areTwo
    this.#place(placement)
    // The worker in doubt is asked again, for hours perhaps: that is told and kept already.
    if (this.#doubtTold !== undefined && holder && isSame(holder, placement)) return
    this.#doubtTold = undefined
    // On disk before the task is sent, if sending it to two could do harm.
    this.#tell([{ ...placement, ...facts }], !placement.idempotent || isDecided)
  }

  /** Nobody else took it: the worker that did is waited for again. False when it is anyhow. */
  returned(): boolean {
    const { owner } = this
    if (owner === undefined || !this.isElsewhere || this.#holders.isStopped(owner)) return false
    this.routed({ type: 'routed', placement: owner, candidates: 1, lookupMs: 0 })
    return true
  }

  retry({ error, maybeTaken }: Extract<DispatchEvent, { type: 'retry' }>): void {
    this.#holders.maybeTaken = maybeTaken
    const doubt = maybeTaken ? error.code : undefined
    if (doubt !== undefined && doubt === this.#doubtTold) return
    this.#doubtTold = doubt
    const atMs = this.#init.elapsed()
    this.#tell([{ type: 'retry', error: error.toWire(), maybeTaken, atMs }])
  }

  /** Nobody took it. */
  failed({ code, details }: LumosError): void {
    const isKnown = code === 'DELEGATION_FAILED' || code === 'DELEGATION_FORBIDDEN'
    if (isKnown) this.#holders.maybeTaken = details['maybeExecuted'] === true
  }

  #hedged({ placement, afterMs }: Extract<DispatchEvent, { type: 'hedged' }>): void {
    this.#holders.hedge(placement)
    const atMs = this.#init.elapsed()
    this.#tell([{ type: 'hedged', ...placement, afterMs, atMs }], true)
  }

  #unhedged({ placement, error }: Extract<DispatchEvent, { type: 'hedge-lost' }>): void {
    this.#holders.stop(placement)
    const { worker } = placement
    const atMs = this.#init.elapsed()
    const event = { type: 'hedge-lost' as const, worker, atMs }
    this.#tell([{ ...event, ...(error && { error: error.toWire() }) }], true)
  }

  /** Told once until contact is back, however often it is tried in vain. */
  lost(error: LumosError): void {
    if (this.waiting || this.placement === undefined) return
    this.waiting = true
    const { worker } = this.placement
    this.#tell([{ type: 'waiting', worker, error: error.toWire(), atMs: this.#init.elapsed() }])
  }

  /** Somebody answered the question: on disk before it is sent. */
  answered(message: Message): void {
    const event = { type: 'answered' as const, message, atMs: this.#init.elapsed() }
    this.dialogue.hear(event)
    this.#tell([event], true)
  }

  found(): void {
    this.#tell(this.#contactIsBack())
  }

  /**
   * False for what is known already.
   *
   * @throws EVENT_GAP, AGENT_RESPONSE_INVALID, PAYLOAD_TOO_LARGE
   */
  take(update: StreamResponse): boolean {
    const position = positionOf(update)
    this.#checkOwner(update)
    const moved = this.#takeOver(position)
    if (!this.#isNew(update, position)) return false
    this.#bytes += sizeOf(update)
    const limit = LIMITS.taskOutputBytes.value
    if (this.#bytes > limit) {
      throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes: this.#bytes, limit } })
    }
    const before = this.position
    this.position = position
    this.#fold.apply(update)
    this.usage = usageOf(update) ?? this.usage
    const atMs = this.#init.elapsed()
    const told = [...this.#contactIsBack(), ...moved]
    if (!this.accepted) {
      this.accepted = true
      told.push({ type: 'accepted', taskId: this.#init.taskId, atMs })
    }
    if (position !== undefined && before !== undefined && position.attempt > before.attempt) {
      told.push({ type: 'restarted', attempt: position.attempt, atMs })
    }
    const events = eventsOf(update, atMs)
    for (const event of events) this.dialogue.hear(event)
    if (events.length > 0) this.firstEventMs ??= atMs
    // Together, because the position says that all of the update is here.
    this.#tell([...told, ...events])
    return true
  }

  /** The first word of another worker than the one that took the task: what was told so far is void. */
  #takeOver(position: Position | undefined): DelegationEvent[] {
    const { placement, isElsewhere: hasMoved } = this
    this.#holders.owner = placement
    if (!hasMoved || placement === undefined) return []
    this.position = undefined
    this.#fold = createTaskFold()
    const { worker } = placement
    const attempt = position?.attempt ?? 1
    return [{ type: 'restarted', attempt, worker, atMs: this.#init.elapsed() }]
  }

  #contactIsBack(): DelegationEvent[] {
    if (!this.waiting || this.placement === undefined) return []
    this.waiting = false
    const { worker } = this.placement
    return [{ type: 'resumed', worker, atMs: this.#init.elapsed() }]
  }

  #place(placement: Placement): void {
    this.#routes += 1
    this.#holders.place(placement)
    this.waiting = false
  }

  /** Repeats are dropped; throws EVENT_GAP when something is missing in between. */
  #isNew({ task }: StreamResponse, position: Position | undefined): boolean {
    const held = this.position
    if (position === undefined || held === undefined) return true
    if (position.attempt < held.attempt) return false
    if (position.attempt === held.attempt && position.seq <= held.seq) return false
    if (task !== undefined) return true
    if (position.attempt === held.attempt && position.seq === held.seq + 1) return true
    throw new LumosError('EVENT_GAP')
  }

  #checkOwner({ task, statusUpdate, artifactUpdate }: StreamResponse): void {
    const id = task?.id ?? (statusUpdate ?? artifactUpdate)?.taskId
    if (id === this.#init.taskId) return
    throw new LumosError('AGENT_RESPONSE_INVALID', {
      details: { reason: 'it is not about the task that was asked for' }
    })
  }

  /** What an earlier process was told is as good as told now. */
  #restore(told: readonly OutboxEvent[]): void {
    const { taskId } = this.#init
    for (const { event, position } of told) {
      if (position !== undefined) this.position = position
      this.dialogue.hear(event)
      if (event.type === 'accepted') {
        this.accepted = true
        this.#holders.owner = this.placement
      } else if (event.type === 'waiting') this.waiting = true
      else if (event.type === 'resumed') this.waiting = false
      else if (event.type === 'status') {
        const status = { state: event.state }
        this.#fold.apply({ statusUpdate: { taskId, contextId: '', status } })
      } else if (event.type === 'input-required') {
        const state = event.auth ? 'TASK_STATE_AUTH_REQUIRED' : 'TASK_STATE_INPUT_REQUIRED'
        this.#fold.apply({ statusUpdate: { taskId, contextId: '', status: { state } } })
      } else if (event.type === 'restarted') {
        this.#fold = createTaskFold()
        this.#fold.apply({ task: blank(taskId) })
        if (event.worker !== undefined) this.#holders.owner = this.placement
      } else if (event.type === 'routed') {
        this.#place(placementIn(event))
      } else if (event.type === 'hedged') {
        this.#holders.hedge(placementIn(event))
      } else if (event.type === 'hedge-lost') {
        this.#holders.stop()
      } else if (event.type === 'retry') this.#holders.maybeTaken = event.maybeTaken
      else if (event.type === 'artifact') {
        const { artifact, append } = event
        this.#fold.apply({ artifactUpdate: { taskId, contextId: '', artifact, append } })
      }
    }
  }

  #tell(events: readonly DelegationEvent[], sync = false): void {
    this.#kept = this.#log.tell(events, { position: this.position, sync })
  }
}

function blank(id: string) {
  return { id, contextId: '', status: { state: 'TASK_STATE_SUBMITTED' as const } }
}

function placementIn({
  worker,
  agentId,
  path,
  idempotent,
  resumable
}: Extract<DelegationEvent, { type: 'routed' | 'hedged' }>): Placement {
  return { worker, agentId, path, idempotent, ...(resumable === true && { resumable }) }
}
