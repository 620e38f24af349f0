/** The worker's side of tasks: accepts each once, has an agent do it, and tells its caller all of it. */
import { TERMINAL_STATES } from '../../core/a2a.ts'
import type { Message, Task } from '../../core/a2a.ts'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import type { Attributes } from '../../core/attributes.ts'
import { LumosError, invalidRequest } from '../../core/errors.ts'
import { type IdSource, isUuid, type PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { wantedSkill } from '../../core/skill-schemas.ts'
import type { Tracer } from '../../core/trace.ts'
import { othersFirst } from '../../core/turn.ts'
import { startOf } from '../handover.ts'
import { sizeOf } from '../task-fold.ts'
import type { OnTaskEnd } from '../task-end.ts'
import { createAdmission, type Admission, type AdmissionInit } from './admission.ts'
import { checkDemands } from './demands.ts'
import type { AgentRunner } from './execution.ts'
import { createHeldBytes, type HeldBytes } from './held-bytes.ts'
import { createJobs, type Job, type Jobs } from './jobs.ts'
import { acceptTask, newRecord, placeFor, type Submission } from './new-record.ts'
import { LiveTask, type LiveTaskInit } from './live-task.ts'
import { createMemoryTaskStore, keyText } from './memory-task-store.ts'
import { OPEN_GATE, type TaskGate } from './permission.ts'
import { payloadHash } from './payload-hash.ts'
import { Stranded } from './stranded.ts'
import { createTakingUp, type TakeUp } from './taking-up.ts'
import type { TaskKey, TaskPage, TaskQuery, TaskRecord, TaskStore } from './task-store.ts'
import type { TaskView } from './task-view.ts'
import { timesFor, type NodeTimeouts } from './timeouts.ts'
import { revive, suspended } from './revive.ts'
import { isRepeated } from './turns.ts'

export interface TaskEngineComponents {
  readonly clock: Clock
  readonly ids: IdSource
  readonly logger: Logger
  readonly runner: AgentRunner
  /** This node, as it stands in the chains of those it asks. */
  readonly self: PeerIdText
  readonly tracer?: Tracer
  /** Asked at every start. Default: in memory, bounded by LIMITS. */
  readonly openStore?: () => Promise<TaskStore>
}

export interface TaskEngineInit {
  readonly admission?: AdmissionInit
  /** Milliseconds an ended task can be read. */
  readonly retentionMs?: number
  /** Milliseconds between an agent's signal and its hard end. */
  readonly graceMs?: number
  readonly timeouts?: NodeTimeouts
  /** Default: everything is done for everybody. */
  readonly gate?: TaskGate
  /** Tasks of a caller that may wait for it; default: as many as the limit says. */
  readonly waitingPerPeer?: (caller: PeerIdText) => number
  /** Bytes that the tasks of a caller may hold; default: as many as the limit says. */
  readonly heldBytesPerPeer?: (caller: PeerIdText) => number
  /** What a caller says of itself; default: nothing, which meets no demand. */
  readonly attributesOf?: (caller: PeerIdText) => Attributes
  /** Told of each task that was worked on here and has ended. */
  readonly onEnd?: OnTaskEnd
}

export interface TaskHandle {
  readonly view: TaskView
  /** Resolves when the end of the task is kept and shown. */
  readonly settled: Promise<void>
  /** Resolves when the task has ended or waits for its caller. */
  readonly rested: Promise<void>
}

export interface TaskCounts {
  /** Accepted and not ended. */
  readonly running: number
  readonly completed: number
  /** Failed, rejected or cancelled. */
  readonly failed: number
}

export interface TaskEngine extends Component {
  /**
   * Resolves when the task is accepted, and kept. The same id, caller and request again gives the
   * same task; another request under that id throws TASK_CONFLICT, a forgotten one TASK_GONE.
   */
  submit(caller: PeerIdText, submission: Submission): Promise<TaskHandle>
  /**
   * Gives a task that waits for its caller what it asked for; resolves when that is kept. The same
   * message again is the same. UNSUPPORTED_OPERATION when the task does not wait, TASK_CONFLICT for
   * another message under a known id, and what `submit` throws when there is no room.
   */
  answer(key: TaskKey, message: Message): Promise<TaskHandle>
  /** Throws TASK_NOT_FOUND for a task that is not there, or that is another caller's. */
  open(key: TaskKey): Promise<TaskHandle>
  /** Resolves when the task has ended. Throws TASK_NOT_CANCELABLE if it had ended otherwise. */
  cancel(key: TaskKey): Promise<Task>
  list(query: TaskQuery): Promise<TaskPage>
  /** Since the start of this process. */
  counts(): TaskCounts
  /** Tasks per place of the busiest agent, 0 to 1. */
  load(): number
  /** Accepted tasks that wait for a place. */
  queued(): number
  /** How many tasks each caller has here that have not ended. */
  callers(): ReadonlyMap<PeerIdText, number>
}

/** How often ended tasks are looked through for those that are too old. */
export const COLLECT_INTERVAL_MS = 60_000

export function createTaskEngine(
  components: TaskEngineComponents,
  init: TaskEngineInit = {}
): TaskEngine {
  return new Engine(components, init)
}

class Engine implements TaskEngine {
  readonly #parts: TaskEngineComponents
  #store: TaskStore = createMemoryTaskStore()
  readonly #admission: Admission
  readonly #held: HeldBytes
  readonly #jobs: Jobs
  readonly #takeUp: TakeUp
  readonly #retentionMs: number
  readonly #timeouts: NodeTimeouts
  /** Submissions on their way to acceptance: a repeat waits for the same one. */
  readonly #arriving = new Map<string, Promise<TaskHandle>>()
  /** Tasks that the store could not keep to their end. */
  readonly #stranded = new Stranded()
  readonly #gate: TaskGate
  readonly #attributesOf: (caller: PeerIdText) => Attributes
  #closing = new AbortController()
  #collecting: Promise<void> | undefined

  constructor(components: TaskEngineComponents, init: TaskEngineInit) {
    this.#parts = components
    this.#admission = createAdmission(components, init.admission)
    this.#held = createHeldBytes({
      perPeer: init.heldBytesPerPeer ?? (() => LIMITS.tasksHeldBytesPerPeer.value),
      total: LIMITS.tasksHeldBytes.value,
      self: components.self
    })
    this.#retentionMs = init.retentionMs ?? LIMITS.taskRetention.value
    this.#timeouts = init.timeouts ?? {}
    this.#gate = init.gate ?? OPEN_GATE
    this.#attributesOf = init.attributesOf ?? (() => ({}))
    this.#jobs = createJobs(components, {
      self: components.self,
      waitingPerPeer: init.waitingPerPeer ?? (() => LIMITS.tasksWaitingPerPeer.value),
      isDurable: () => this.#store.durable,
      graceMs: init.graceMs ?? LIMITS.cancelGrace.value,
      timeouts: this.#timeouts,
      onLeftBehind: (agentId, ended) => this.#admission.linger(agentId, ended),
      onStranded: (record) => this.#stranded.add(record),
      onEnd: init.onEnd ?? (() => {})
    })
    this.#takeUp = createTakingUp({
      ...components,
      admission: this.#admission,
      held: this.#held,
      jobs: this.#jobs,
      eventsOf: (record) => this.#store.events(record),
      liveTask: (liveInit) => this.#liveTask(liveInit)
    })
  }

  async start(): Promise<void> {
    if (this.#collecting !== undefined) return
    const { openStore } = this.#parts
    if (openStore !== undefined) this.#store = await openStore()
    this.#closing = new AbortController()
    for (const { record } of await this.#store.unfinished()) {
      if (this.#jobs.find(keyText(record)) === undefined) await this.#takeUp(record)
    }
    this.#collecting = this.#collect(this.#closing.signal)
  }

  async stop(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#arriving.values())
    await this.#jobs.stop(new LumosError('SHUTTING_DOWN'))
    await this.#collecting
    this.#collecting = undefined
  }

  async submit(caller: PeerIdText, submission: Submission): Promise<TaskHandle> {
    if (this.#closing.signal.aborted) throw new LumosError('SHUTTING_DOWN')
    const { agentId, message, taskId: id = this.#parts.ids() } = submission
    if (!isUuid(id)) throw invalidRequest('the task id is not a UUID')
    const key = { caller, id }
    const hash = payloadHash(agentId, message)
    const handle = await (this.#known(keyText(key)) ?? this.#arrive(key, submission, hash))
    if (handle.view.record.payloadHash !== hash) {
      throw new LumosError('TASK_CONFLICT', { details: { task: id } })
    }
    return handle
  }

  async open(key: TaskKey): Promise<TaskHandle> {
    const known = this.#known(keyText(key))
    if (known !== undefined) return known
    const stored = await this.#store.find(key)
    if (stored === undefined || stored === 'gone') throw new LumosError('TASK_NOT_FOUND')
    return revive(this.#store, stored)
  }

  async answer(key: TaskKey, answer: Message): Promise<TaskHandle> {
    if (this.#closing.signal.aborted) throw new LumosError('SHUTTING_DOWN')
    const handle = await this.open(key)
    const job = this.#jobs.find(keyText(key))
    // Another message, or this very one, may be on its way to the store.
    while (job?.task.turning !== undefined) await job.task.turning
    const { contextId, agentId, message: first } = handle.view.record
    const message = { ...answer, contextId, taskId: key.id }
    if (isRepeated(handle.view.history, message)) return handle
    if (job === undefined && !handle.view.ended) await handle.settled
    if (job?.task.asking !== true) {
      throw new LumosError('UNSUPPORTED_OPERATION', {
        details: { operation: 'messages to a task that does not wait for one' }
      })
    }
    this.#gate.checkTurn({ caller: key.caller, agentId, skill: wantedSkill(first) })
    await this.#turn(job, message)
    return handle
  }

  async #turn(job: Job, message: Message): Promise<void> {
    const { record, settled } = job.task
    const place = this.#admission.reserve(placeFor(record, this.#parts.clock.now()))
    await this.#jobs.answer(job, place, message)
    // Refused, a task that waits for it could never give back what it holds.
    const release = this.#held.keep(record.caller, sizeOf({ message }))
    void settled.catch(() => {}).finally(release)
  }

  async cancel(key: TaskKey): Promise<Task> {
    const { view } = await this.open(key)
    const job = this.#jobs.find(keyText(key))
    if (job !== undefined) {
      this.#jobs.halt(job, new LumosError('CANCELLED'))
      await job.task.settled
    } else if (!view.ended) {
      // Its end could not be kept: it is gone on with when it can, and then it can be cancelled.
      throw suspended(view.record)
    } else if (view.status?.state !== 'TASK_STATE_CANCELED') {
      throw new LumosError('TASK_NOT_CANCELABLE', { details: { task: key.id } })
    }
    return view.snapshot()
  }

  list(query: TaskQuery): Promise<TaskPage> {
    return this.#store.list(query)
  }

  counts(): TaskCounts {
    return { running: this.#jobs.size, ...this.#jobs.counts }
  }

  load(): number {
    return this.#admission.load()
  }

  queued(): number {
    return this.#admission.waiting
  }

  callers(): ReadonlyMap<PeerIdText, number> {
    return this.#jobs.callers()
  }

  /** A task on its way to acceptance comes first: it is not one before its record is kept. */
  #known(name: string): TaskHandle | Promise<TaskHandle> | undefined {
    const known = this.#arriving.get(name) ?? this.#jobs.find(name)?.task
    if (known instanceof LiveTask && known.view.status === undefined) throw suspended(known.record)
    return known
  }

  #arrive(key: TaskKey, submission: Submission, hash: string): Promise<TaskHandle> {
    const name = keyText(key)
    const arrival = this.#accept(key, submission, hash).finally(() => this.#arriving.delete(name))
    this.#arriving.set(name, arrival)
    return arrival
  }

  async #accept(key: TaskKey, submission: Submission, hash: string): Promise<TaskHandle> {
    const pause = othersFirst(sizeOf({ message: submission.message }))
    if (pause !== undefined) await pause
    const stored = await this.#store.find(key)
    if (stored === 'gone') throw new LumosError('TASK_GONE')
    if (stored !== undefined) return revive(this.#store, stored)
    const { agentId, message } = submission
    const { clock, ids, runner, self } = this.#parts
    const traits = runner.traits(agentId)
    if (traits === undefined) {
      throw new LumosError('AGENT_UNKNOWN', { details: { agent: agentId.slice(0, 64) } })
    }
    checkDemands(agentId, traits.demands, () => this.#attributesOf(key.caller))
    const start = startOf(traits, submission.metadata)
    const { deadlineMs, patienceMs } = timesFor(submission, this.#timeouts, traits.timeouts)
    const bytes = sizeOf({ message }) + start.bytes
    const parts = { gate: this.#gate, admission: this.#admission, held: this.#held }
    const doors = { self, patienceMs, bytes, ...parts }
    const { place, origin, ended } = await acceptTask(key, submission, doors)
    const record = {
      ...newRecord(key, submission, {
        contextId: message.contextId || ids(),
        payloadHash: hash,
        createdAt: clock.now(),
        deadlineMs
      }),
      ...origin,
      ...start.mark
    }
    const task = this.#liveTask({ record, attempt: 1, artifacts: start.artifacts })
    // What could do harm is not begun before its acceptance is on disk (tasks/worker/recovery.ts).
    const accepted = task.accept({ begun: traits.idempotent && place.free })
    // The work begins while the acceptance is written, and the caller hears of both when it is.
    this.#jobs.launch({ task, place, traits, ...start.job })
    void task.settled.catch(() => {}).finally(ended)
    await accepted
    return task
  }

  #liveTask(init: LiveTaskInit): LiveTask {
    return new LiveTask({ clock: this.#parts.clock, store: this.#store }, init)
  }

  async #collect(closing: AbortSignal): Promise<void> {
    const { clock, logger } = this.#parts
    while (await clock.sleep(COLLECT_INTERVAL_MS, closing)) {
      try {
        await this.#stranded.settle((record) => this.#goOn(record))
        await this.#store.collect(clock.now() - this.#retentionMs)
      } catch (error) {
        // The disk is full or broken; it will be tried again.
        logger.warn('ended tasks could not be looked through', { error })
      }
    }
  }

  /** Unless even its acceptance was not kept, or it goes on already: nothing stays "working" for ever. */
  async #goOn(record: TaskRecord): Promise<void> {
    if (this.#jobs.find(keyText(record)) !== undefined) return
    const stored = await this.#store.find(record)
    const open = stored !== undefined && stored !== 'gone' && !TERMINAL_STATES.has(stored.state)
    if (open) await this.#takeUp(record)
  }
}
