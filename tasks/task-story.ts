/** What this node has heard of a task that it asked for: checked, kept, and told on. */
import type { Artifact, Message, StreamResponse, TaskStatus } from '../core/a2a.ts'
import type { Usage } from '../core/budget.ts'
import { LumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { usageOf } from '../protocols/a2a/chain.ts'
import { positionOf } from '../protocols/a2a/extensions.ts'
import type { Position } from '../protocols/a2a/extensions.ts'
import { eventsOf } from './delegation-events.ts'
import type { DelegationEvent } from './delegation-events.ts'
import type { DelegationLog } from './delegation-log.ts'
import { Dialogue } from './dialogue.ts'
import type { DispatchEvent, Placement } from './dispatcher.ts'
import type { OutboxEvent } from './outbox-store.ts'
import { createTaskFold, sizeOf } from './task-fold.ts'

export interface TaskStoryInit {
  readonly taskId: string
  /** What was asked for. */
  readonly message: Message
  /** Milliseconds since the task was asked for. */
  readonly elapsed: () => number
  /** What an earlier process knew. */
  readonly told: readonly OutboxEvent[]
}

export class TaskStory {
  #placement: Placement | undefined
  /** Whose events are here: another one than `placement` while somebody is looked for in its place. */
  #owner: Placement | undefined
  /** Whether that one may have the task, for all that is known. */
  #maybeTaken = false
  /** Those before it that may have the task, too, by name; the one of longest ago first. */
  readonly #leftInDoubt = new Map<string, Placement>()
  /** Asked besides `placement`, until one of them has answered. */
  #second: Placement | undefined
  /** Those that were asked besides and answered last: they are told to stop. */
  readonly stopped: Placement[] = []
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
    this.#restore(init.told)
  }

  /** Who has the task, or was given it last. */
  get placement(): Placement | undefined {
    return this.#placement
  }

  /** Workers other than `placement` that may have the task: its next worker was asked in doubt. */
  get leftInDoubt(): readonly Placement[] {
    return [...this.#leftInDoubt.values()]
  }

  /** `placement`, unless that one has surely not taken the task. */
  get holder(): Placement | undefined {
    return this.#maybeTaken ? this.#placement : undefined
  }

  /** All workers that may have the task. */
  get inDoubt(): readonly Placement[] {
    const { holder } = this
    return holder === undefined ? this.leftInDoubt : [...this.leftInDoubt, holder]
  }

  /** Whether the task was given to another worker than the one that took it, and that one is silent yet. */
  get isElsewhere(): boolean {
    const owner = this.#owner
    return owner !== undefined && !isSame(owner, this.#placement)
  }

  /** Those that were told to stop, and when the task is taken from its worker, that one. */
  notToAsk(isMove: boolean): readonly Placement[] {
    const { stopped, placement } = this
    return isMove && placement !== undefined ? [...stopped, placement] : stopped
  }

  /** Whether another worker may be asked in place of the one that took it: nobody waits for what only that one knows. */
  get canMove(): boolean {
    const { question, answer, history } = this.dialogue
    const isTalk = question !== undefined || answer !== undefined || history.length > 1
    return this.#owner?.idempotent === true && !isTalk
  }

  /**
   * Whether the task may be sent only when it is kept whom it goes to. A process that comes back must ask
   * the same worker, or harm could be done twice; and recall the task from all that may have it.
   */
  get mustBeKept(): boolean {
    return this.#placement?.idempotent === false || this.#leftInDoubt.size > 0
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
    const { position: after, dialogue } = this
    const { answer } = dialogue
    return { ...(after && { after }), ...(answer && { answer }) }
  }

  dispatched(event: Exclude<DispatchEvent, { type: 'update' }>): void {
    if (event.type === 'routed') this.routed(event)
    else if (event.type === 'retry') this.retry(event)
    else if (event.type === 'hedged') this.#hedged(event)
    else this.#unhedged(event)
  }

  routed({ placement, ...facts }: Extract<DispatchEvent, { type: 'routed' }>): void {
    const { holder } = this
    const isDecided = this.#second !== undefined
    this.#place(placement)
    // The worker in doubt is asked again, for hours perhaps: that is told and kept already.
    if (this.#doubtTold !== undefined && holder && nameOf(holder) === nameOf(placement)) return
    this.#doubtTold = undefined
    // On disk before the task is sent, if sending it to two could do harm.
    this.#tell([{ ...placement, ...facts }], !placement.idempotent || isDecided)
  }

  /** Nobody else took it: the worker that did is waited for again. False when it is anyhow. */
  returned(): boolean {
    const owner = this.#owner
    if (owner === undefined || !this.isElsewhere) return false
    this.routed({ type: 'routed', placement: owner, candidates: 1, lookupMs: 0 })
    return true
  }

  retry({ error, maybeTaken }: Extract<DispatchEvent, { type: 'retry' }>): void {
    this.#maybeTaken = maybeTaken
    const doubt = maybeTaken ? error.code : undefined
    if (doubt !== undefined && doubt === this.#doubtTold) return
    this.#doubtTold = doubt
    const atMs = this.#init.elapsed()
    this.#tell([{ type: 'retry', error: error.toWire(), maybeTaken, atMs }])
  }

  /** Nobody took it. */
  failed({ code, details }: LumosError): void {
    if (code === 'DELEGATION_FAILED') this.#maybeTaken = details['maybeExecuted'] === true
  }

  /** Another one is asked as well: it may have the task from now on. */
  #hedged({ placement, afterMs }: Extract<DispatchEvent, { type: 'hedged' }>): void {
    this.#second = placement
    this.#doubt(placement)
    const { elapsed } = this.#init
    this.#tell([{ type: 'hedged', ...placement, afterMs, atMs: elapsed() }], true)
  }

  /** The worker that has the task goes on alone. The other one stays in doubt until the end. */
  #unhedged({ placement, error }: Extract<DispatchEvent, { type: 'hedge-lost' }>): void {
    this.#stop(placement)
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
    const placement = this.#placement
    const hasMoved = this.isElsewhere
    this.#owner = placement
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
    const before = this.#placement
    this.#leftInDoubt.delete(nameOf(placement))
    const other = before !== undefined && !isSame(placement, before) ? before : undefined
    if (other !== undefined && this.#maybeTaken) this.#doubt(other)
    if (other !== undefined && this.#second && isSame(this.#second, placement)) this.#stop(other)
    this.#placement = placement
    this.#maybeTaken = true
    this.waiting = false
  }

  /** It lost, and is told so once that is on disk; it must not be asked again. */
  #stop(placement: Placement): void {
    this.#second = undefined
    this.stopped.push(placement)
  }

  #doubt(placement: Placement): void {
    this.#leftInDoubt.set(nameOf(placement), placement)
    const [oldest] = this.#leftInDoubt.keys()
    if (this.#leftInDoubt.size > LIMITS.workersInDoubt.value && oldest !== undefined) {
      this.#leftInDoubt.delete(oldest)
    }
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
        this.#owner = this.#placement
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
        if (event.worker !== undefined) this.#owner = this.#placement
      } else if (event.type === 'routed') {
        const { worker, agentId, path, idempotent } = event
        this.#place({ worker, agentId, path, idempotent })
      } else if (event.type === 'hedged') {
        const { worker, agentId, path, idempotent } = event
        this.#second = { worker, agentId, path, idempotent }
        this.#doubt(this.#second)
      } else if (event.type === 'hedge-lost') {
        if (this.#second) this.#stop(this.#second)
      } else if (event.type === 'retry') this.#maybeTaken = event.maybeTaken
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

function isSame(one: Placement, other: Placement | undefined): boolean {
  return other !== undefined && nameOf(one) === nameOf(other)
}

function nameOf({ worker, agentId }: Placement): string {
  return `${worker.id} ${agentId}`
}

function blank(id: string) {
  return { id, contextId: '', status: { state: 'TASK_STATE_SUBMITTED' as const } }
}
