/** The tasks that this node works on: each waits for its turn, is done in time, and ends. */
import type { Clock } from '../core/clock.ts'
import type { LumosError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Place } from './admission.ts'
import { execute, stopped } from './execution.ts'
import type { AgentRunner, AgentTraits, Resumption } from './execution.ts'
import type { LiveTask } from './live-task.ts'
import { keyText } from './memory-task-store.ts'
import type { TaskRecord } from './task-store.ts'
import { TaskTimer } from './timeouts.ts'
import type { TaskTimeouts } from './timeouts.ts'

export interface JobsComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly runner: AgentRunner
}

export interface JobsInit {
  /** Milliseconds between an agent's signal and its hard end. */
  readonly graceMs: number
  /** For agents that declare none of their own. */
  readonly timeouts: TaskTimeouts
  /** Whether a later process finds the tasks that are left to it. */
  readonly isDurable: () => boolean
  /** Told of a task whose end could not be kept. */
  readonly onStranded: (record: TaskRecord) => void
}

/** A task and its right to be worked on. */
export interface Job {
  readonly task: LiveTask
  readonly place: Place
  readonly traits: AgentTraits
  readonly resumed?: Resumption
}

export interface Jobs {
  readonly size: number
  /** Ended ones, since the start of this process. */
  readonly counts: { readonly completed: number; readonly failed: number }
  find(name: string): Job | undefined
  /** The first event of the task is on its way to the store. */
  launch(job: Job): void
  /** Tells the agent to stop; a task that still waits for its turn ends here. */
  halt(job: Job, reason: LumosError): void
  /** Ends all, or leaves those to the next process that it can go on with. */
  stop(reason: LumosError): Promise<void>
}

export function createJobs(components: JobsComponents, init: JobsInit): Jobs {
  return new RunningJobs(components, init)
}

class RunningJobs implements Jobs {
  readonly #parts: JobsComponents
  readonly #init: JobsInit
  readonly #jobs = new Map<string, Job>()
  readonly counts = { completed: 0, failed: 0 }

  constructor(components: JobsComponents, init: JobsInit) {
    this.#parts = components
    this.#init = init
  }

  get size(): number {
    return this.#jobs.size
  }

  find(name: string): Job | undefined {
    return this.#jobs.get(name)
  }

  launch(job: Job): void {
    const { task, place, traits } = job
    const { clock, logger } = this.#parts
    const { record } = task
    const name = keyText(record)
    this.#jobs.set(name, job)
    const timer = new TaskTimer(clock, {
      agent: record.agentId,
      timeouts: { ...this.#init.timeouts, ...traits.timeouts },
      remainingMs: record.deadlineAt - clock.now(),
      totalMs: record.deadlineAt - record.createdAt,
      onTimeout: (error) => this.halt(job, error)
    })
    task.settled
      .catch((error: unknown) => {
        if (task.suspended) return
        logger.error('a task could not be kept', { task: name, error })
        this.#init.onStranded(record)
        if (!task.started) place.leave()
      })
      .finally(() => {
        timer.stop()
        this.#jobs.delete(name)
        const done = task.view.status?.state === 'TASK_STATE_COMPLETED'
        this.counts[done ? 'completed' : 'failed'] += 1
      })
    place.enter(() => void this.#work(job, timer))
  }

  halt({ task, place }: Job, reason: LumosError): void {
    task.stopping.abort(reason)
    if (task.started) return
    place.leave()
    task.end(stopped(task.stopping.signal.reason))
  }

  async stop(reason: LumosError): Promise<void> {
    const jobs = [...this.#jobs.values()]
    for (const job of jobs) {
      if (this.#init.isDurable() && canGoOn(job)) job.task.suspend(reason)
      else this.halt(job, reason)
    }
    await Promise.allSettled(jobs.map(({ task }) => task.settled))
  }

  async #work({ task, place, traits, resumed }: Job, timer: TaskTimer): Promise<void> {
    const { clock, runner, logger } = this.#parts
    const { agentId, id: taskId, contextId, caller, message } = task.record
    const { signal } = task.stopping
    const began = clock.monotonic()
    const work = {
      agentId,
      taskId,
      contextId,
      caller,
      message,
      signal,
      heartbeat: () => timer.heartbeat(),
      ...(resumed && { resumed })
    }
    if (traits.idempotent) void task.begin('written')
    // Nothing that can do harm is begun before it is on disk that it was (tasks/recovery.ts).
    else await task.begin('flushed')?.catch(() => {})
    timer.begin()
    const outcome = await execute(
      { clock, runner },
      { work, sink: task, graceMs: this.#init.graceMs }
    )
    task.end(outcome)
    place.leave(clock.monotonic() - began)
    if (outcome.error !== undefined) {
      const { code, cause } = outcome.error
      logger.warn('a task failed', { task: taskId, agent: agentId, code, cause })
    }
  }
}

/** Whether the next process may run the task (tasks/recovery.ts). */
function canGoOn({ task, traits }: Job): boolean {
  return !task.started || traits.idempotent || traits.resumable
}
