/** The worker's side of tasks: accepts each once, has an agent do it, and tells its caller all of it. */
import type { Message, Task } from '../core/a2a.ts'
import type { Clock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import { LumosError } from '../core/errors.ts'
import type { IdSource, PeerIdText } from '../core/ids.ts'
import { isUuid } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import type { Logger } from '../core/logger.ts'
import { createAdmission } from './admission.ts'
import type { Admission, AdmissionInit, Place } from './admission.ts'
import { execute, stopped } from './execution.ts'
import type { AgentRunner } from './execution.ts'
import { LiveTask } from './live-task.ts'
import { createMemoryTaskStore, keyText } from './memory-task-store.ts'
import { payloadHash } from './payload-hash.ts'
import type { StoredTask, TaskKey, TaskPage, TaskQuery, TaskStore } from './task-store.ts'
import { createTaskView } from './task-view.ts'
import type { TaskView } from './task-view.ts'

export interface TaskEngineComponents {
  readonly clock: Clock
  readonly ids: IdSource
  readonly logger: Logger
  readonly runner: AgentRunner
  /** Default: in memory, bounded by LIMITS. */
  readonly store?: TaskStore
}

export interface TaskEngineInit {
  readonly admission?: AdmissionInit
  /** Milliseconds an ended task can be read. */
  readonly retentionMs?: number
  /** Milliseconds between an agent's signal and its hard end. */
  readonly graceMs?: number
}

export interface Submission {
  readonly agentId: string
  readonly message: Message
  /** UUID; made here when the caller has none. */
  readonly taskId?: string
  /** Milliseconds the task may take; at most LIMITS.taskDuration. */
  readonly deadlineMs?: number
}

export interface TaskHandle {
  readonly view: TaskView
  /** Resolves when the end of the task is kept and shown. */
  readonly settled: Promise<void>
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
  /** Throws TASK_NOT_FOUND for a task that is not there, or that is another caller's. */
  open(key: TaskKey): Promise<TaskHandle>
  /** Resolves when the task has ended. Throws TASK_NOT_CANCELABLE if it had ended otherwise. */
  cancel(key: TaskKey): Promise<Task>
  list(query: TaskQuery): Promise<TaskPage>
  /** Since the start of this process. */
  counts(): TaskCounts
  /** Tasks per place of the busiest agent, 0 to 1. */
  load(): number
}

/** How often ended tasks are looked through for those that are too old. */
export const COLLECT_INTERVAL_MS = 60_000

export function createTaskEngine(
  components: TaskEngineComponents,
  init: TaskEngineInit = {}
): TaskEngine {
  return new Engine(components, init)
}

/** A task and its right to be worked on. */
interface Job {
  readonly task: LiveTask
  readonly place: Place
}

class Engine implements TaskEngine {
  readonly #parts: TaskEngineComponents
  readonly #store: TaskStore
  readonly #admission: Admission
  readonly #retentionMs: number
  readonly #graceMs: number
  readonly #jobs = new Map<string, Job>()
  /** Submissions on their way to acceptance: a repeat waits for the same one. */
  readonly #arriving = new Map<string, Promise<TaskHandle>>()
  readonly #counts = { completed: 0, failed: 0 }
  #closing = new AbortController()
  #collecting: Promise<void> | undefined

  constructor(components: TaskEngineComponents, init: TaskEngineInit) {
    this.#parts = components
    this.#store = components.store ?? createMemoryTaskStore()
    this.#admission = createAdmission(init.admission)
    this.#retentionMs = init.retentionMs ?? LIMITS.taskRetention.value
    this.#graceMs = init.graceMs ?? LIMITS.cancelGrace.value
  }

  start(): Promise<void> {
    if (this.#collecting === undefined) {
      this.#closing = new AbortController()
      this.#collecting = this.#collect(this.#closing.signal)
    }
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#arriving.values())
    const jobs = [...this.#jobs.values()]
    for (const job of jobs) this.#halt(job, new LumosError('SHUTTING_DOWN'))
    await Promise.allSettled(jobs.map(({ task }) => task.settled))
    await this.#collecting
    this.#collecting = undefined
  }

  async submit(caller: PeerIdText, submission: Submission): Promise<TaskHandle> {
    if (this.#closing.signal.aborted) throw new LumosError('SHUTTING_DOWN')
    const { agentId, message, taskId: id = this.#parts.ids() } = submission
    if (!isUuid(id)) throw invalid('the task id is not a UUID')
    const key = { caller, id }
    const name = keyText(key)
    const hash = payloadHash(agentId, message)
    const handle = this.#known(name) ?? this.#arrive(key, submission, hash)
    const { record } = (await handle).view
    if (record.payloadHash !== hash) {
      throw new LumosError('TASK_CONFLICT', { details: { task: id } })
    }
    return handle
  }

  async open(key: TaskKey): Promise<TaskHandle> {
    const known = this.#known(keyText(key))
    if (known !== undefined) return known
    const stored = await this.#store.find(key)
    if (stored === undefined || stored === 'gone') throw new LumosError('TASK_NOT_FOUND')
    return this.#revive(stored)
  }

  async cancel(key: TaskKey): Promise<Task> {
    const { view } = await this.open(key)
    const job = this.#jobs.get(keyText(key))
    if (job !== undefined) {
      this.#halt(job, new LumosError('CANCELLED'))
      await job.task.settled
    } else if (view.status?.state !== 'TASK_STATE_CANCELED') {
      throw new LumosError('TASK_NOT_CANCELABLE', { details: { task: key.id } })
    }
    return view.snapshot()
  }

  list(query: TaskQuery): Promise<TaskPage> {
    return this.#store.list(query)
  }

  counts(): TaskCounts {
    return { running: this.#jobs.size, ...this.#counts }
  }

  load(): number {
    return this.#admission.load()
  }

  #known(name: string): TaskHandle | Promise<TaskHandle> | undefined {
    const task = this.#jobs.get(name)?.task
    return task === undefined ? this.#arriving.get(name) : task
  }

  #arrive(key: TaskKey, submission: Submission, hash: string): Promise<TaskHandle> {
    const name = keyText(key)
    const arrival = this.#accept(key, submission, hash).finally(() => this.#arriving.delete(name))
    this.#arriving.set(name, arrival)
    return arrival
  }

  async #accept(key: TaskKey, submission: Submission, hash: string): Promise<TaskHandle> {
    const stored = await this.#store.find(key)
    if (stored === 'gone') throw new LumosError('TASK_GONE')
    if (stored !== undefined) return this.#revive(stored)
    const { agentId, message } = submission
    const { clock, ids, runner } = this.#parts
    if (!runner.has(agentId)) {
      throw new LumosError('AGENT_UNKNOWN', { details: { agent: agentId.slice(0, 64) } })
    }
    const deadlineMs = Math.min(submission.deadlineMs ?? Infinity, LIMITS.taskDuration.value)
    const place = this.#admission.reserve({ agentId, caller: key.caller, deadlineMs })
    const contextId = message.contextId || ids()
    const record = {
      ...key,
      agentId,
      contextId,
      message: { ...message, contextId, taskId: key.id },
      payloadHash: hash,
      createdAt: clock.now()
    }
    const task = new LiveTask({ clock, store: this.#store }, record)
    try {
      await task.accept()
    } catch (error) {
      place.leave()
      throw error
    }
    this.#launch({ task, place }, deadlineMs)
    return task
  }

  #launch(job: Job, deadlineMs: number): void {
    const { task, place } = job
    const { clock, logger } = this.#parts
    const name = keyText(task.record)
    this.#jobs.set(name, job)
    const disarm = clock.after(deadlineMs, () => {
      this.#halt(job, new LumosError('TIMED_OUT', { details: { timeoutMs: deadlineMs } }))
    })
    task.settled
      .catch((error: unknown) => logger.error('a task could not be kept', { task: name, error }))
      .finally(() => {
        disarm()
        this.#jobs.delete(name)
        const done = task.view.status?.state === 'TASK_STATE_COMPLETED'
        this.#counts[done ? 'completed' : 'failed'] += 1
      })
    place.enter(() => void this.#work(job))
  }

  async #work({ task, place }: Job): Promise<void> {
    const { clock, runner, logger } = this.#parts
    const { agentId, id: taskId, contextId, caller, message } = task.record
    const began = clock.monotonic()
    const work = { agentId, taskId, contextId, caller, message, signal: task.stopping.signal }
    task.begin()
    const outcome = await execute({ clock, runner }, { work, sink: task, graceMs: this.#graceMs })
    task.end(outcome)
    place.leave(clock.monotonic() - began)
    if (outcome.error !== undefined) {
      const { code, cause } = outcome.error
      logger.warn('a task failed', { task: taskId, agent: agentId, code, cause })
    }
  }

  /** Tells the agent to stop; a task that still waits for its turn ends here. */
  #halt({ task, place }: Job, reason: LumosError): void {
    task.stopping.abort(reason)
    if (task.started) return
    place.leave()
    task.end(stopped(task.stopping.signal.reason))
  }

  /** A task of the past: all its events are in the store. */
  async #revive({ record }: StoredTask): Promise<TaskHandle> {
    const view = createTaskView(record)
    for await (const event of this.#store.events(record)) view.add(event)
    return { view, settled: Promise.resolve() }
  }

  async #collect(closing: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    while (await clock.sleep(COLLECT_INTERVAL_MS, closing)) {
      await this.#store.collect(clock.now() - this.#retentionMs)
    }
  }
}

function invalid(reason: string): LumosError {
  return new LumosError('INVALID_REQUEST', { details: { reason } })
}
