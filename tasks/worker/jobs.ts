/** The tasks that this node works on: each waits for its turn, is done in time, and ends. */
import type { Message } from '../../core/a2a.ts'
import { extendChain, rootChain } from '../../core/chain.ts'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { NO_SPAN, NO_TRACER } from '../../core/trace.ts'
import type { Span, Tracer } from '../../core/trace.ts'
import { endOfWork } from '../task-end.ts'
import type { OnTaskEnd } from '../task-end.ts'
import type { Place } from './admission.ts'
import { execute, stopped } from './execution.ts'
import type { AgentRunner, AgentTraits, Question, Resumption } from './execution.ts'
import type { LiveTask } from './live-task.ts'
import { behalfOf, principalOf } from './permission.ts'
import { keyText } from './memory-task-store.ts'
import type { TaskRecord } from './task-store.ts'
import { TaskTimer } from './timeouts.ts'
import type { TaskTimeouts } from './timeouts.ts'

export interface JobsComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly runner: AgentRunner
  readonly tracer?: Tracer
}

export interface JobsInit {
  readonly self: PeerIdText
  /** Milliseconds between an agent's signal and its hard end. */
  readonly graceMs: number
  /** For agents that declare none of their own. */
  readonly timeouts: TaskTimeouts
  /** Tasks of one peer that may wait for it. */
  readonly waitingPerPeer: (caller: PeerIdText) => number
  /** Whether a later process finds the tasks that are left to it. */
  readonly isDurable: () => boolean
  /** Told of an agent that runs on though its run is over; `ended` resolves when it has ended. */
  readonly onLeftBehind: (agentId: string, ended: Promise<void>) => void
  /** Told of a task whose end could not be kept. */
  readonly onStranded: (record: TaskRecord) => void
  /** Told when the end of a task is kept. */
  readonly onEnd: OnTaskEnd
}

/** A task and its right to be worked on. */
export interface Job {
  readonly task: LiveTask
  readonly traits: AgentTraits
  /** Given up while the task waits for its caller. */
  place?: Place | undefined
  /** Of the wait for its turn; ended when it was its turn at once. */
  queued?: Span
  resumed?: Resumption | undefined
  /** Of the run that is under way, or of the waiting. */
  timer?: TaskTimer
}

export interface Jobs {
  readonly size: number
  /** Ended ones, since the start of this process. */
  readonly counts: { readonly completed: number; readonly failed: number }
  find(name: string): Job | undefined
  /** How many tasks each caller has here. */
  callers(): ReadonlyMap<PeerIdText, number>
  /** The first event of the task is on its way to the store. */
  launch(job: Job & { readonly place: Place }): void
  /** Keeps a task that waits for its caller, until its deadline. */
  wait(job: Job): void
  /** Gives the caller's message to the agent; resolves when it is kept. PAYLOAD_TOO_LARGE. */
  answer(job: Job, place: Place, message: Message): Promise<void>
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

  callers(): ReadonlyMap<PeerIdText, number> {
    const callers = new Map<PeerIdText, number>()
    for (const { task } of this.#jobs.values()) {
      const { caller } = task.record
      callers.set(caller, (callers.get(caller) ?? 0) + 1)
    }
    return callers
  }

  launch(job: Job & { readonly place: Place }): void {
    this.#keep(job)
    this.#enter(job, job.place)
  }

  wait(job: Job): void {
    this.#keep(job)
    this.#rest(job)
  }

  async answer(job: Job, place: Place, message: Message): Promise<void> {
    const kept = job.task.answer(message)
    if (job.task.turning === undefined) place.leave()
    else {
      job.resumed = undefined
      this.#enter(job, place)
    }
    await kept
  }

  /** Until it has ended, for good or for this process. */
  #keep(job: Job): void {
    const { task } = job
    const name = keyText(task.record)
    this.#jobs.set(name, job)
    task.settled
      .catch((error: unknown) => {
        // It must not begin when those before it end.
        if (!task.started) job.place?.leave()
        if (task.suspended) return
        this.#parts.logger.error('a task could not be kept', { task: name, error })
        this.#init.onStranded(task.record)
      })
      .finally(() => {
        job.timer?.stop()
        job.queued?.end()
        this.#jobs.delete(name)
        // Else it is another process's, or goes on here once the disk takes writes again.
        if (!task.view.ended) return
        const done = task.view.status?.state === 'TASK_STATE_COMPLETED'
        this.counts[done ? 'completed' : 'failed'] += 1
        this.#init.onEnd(endOfWork(task, this.#parts.clock.now()))
      })
  }

  #enter(job: Job, place: Place): void {
    const timeouts = { ...this.#init.timeouts, ...job.traits.timeouts }
    const timer = this.#time(job, timeouts, job.task.history.length > 1)
    job.place = place
    job.queued = place.free ? NO_SPAN : this.#startWait(job.task.record)
    place.enter(() => {
      job.queued?.end()
      void this.#work(job, { place, timer })
    })
  }

  #startWait({ id, chain = rootChain(id), caller, agentId }: TaskRecord): Span {
    const { tracer = NO_TRACER } = this.#parts
    if (!tracer.on) return NO_SPAN
    const span = tracer.start('queue', chain)
    span.set('task', id)
    span.set('caller', caller)
    span.set('agent', agentId)
    return span
  }

  /** While it waits for its caller, a task counts nothing but its deadline. */
  #rest(job: Job): void {
    job.place = undefined
    this.#time(job, {}, true)
  }

  #time(job: Job, timeouts: TaskTimeouts, begunBefore: boolean): TaskTimer {
    const { clock } = this.#parts
    const { agentId: agent, deadlineAt, createdAt } = job.task.record
    job.timer?.stop()
    job.timer = new TaskTimer(clock, {
      agent,
      timeouts,
      begunBefore,
      // A clock that was set back while no process was there gives the whole time again, and no more.
      remainingMs: Math.min(deadlineAt - clock.now(), deadlineAt - createdAt),
      totalMs: deadlineAt - createdAt,
      onTimeout: (error) => this.halt(job, error)
    })
    return job.timer
  }

  halt({ task, place }: Job, reason: LumosError): void {
    task.stopping.abort(reason)
    if (task.started) return
    place?.leave()
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

  async #work(
    job: Job,
    { place, timer }: { readonly place: Place; readonly timer: TaskTimer }
  ): Promise<void> {
    const { task, traits, resumed } = job
    const { clock, runner, logger } = this.#parts
    const { agentId, id: taskId, contextId, caller, depth = 0 } = task.record
    const { chain: received = rootChain(taskId) } = task.record
    const { trace } = received
    const { signal } = task.stopping
    const { history } = task
    const message = history.at(-1) ?? task.record.message
    const began = clock.monotonic()
    const principal = principalOf(received, task.record)
    const given = { ...received, ...behalfOf(received, task.record, principal) }
    const work = {
      agentId,
      taskId,
      contextId,
      caller,
      message,
      history,
      signal,
      heartbeat: () => timer.heartbeat(),
      depth,
      chain: extendChain(given, { peer: this.#init.self, agent: agentId }),
      principal,
      purse: task.purse,
      remainingMs: () => timer.remainingMs(),
      leftBehind: this.#init.onLeftBehind,
      ...(resumed && { resumed })
    }
    if (!task.started) {
      if (traits.idempotent) void task.begin('written')
      // Nothing that can do harm is begun before it is on disk that it was (tasks/worker/recovery.ts).
      else await task.begin('flushed')?.catch(() => {})
    }
    timer.begin()
    logger.debug('a task begins', { task: taskId, trace, agent: agentId, caller })
    const outcome = await execute(
      { clock, runner },
      { work, sink: task, graceMs: this.#init.graceMs }
    )
    if (outcome.question === undefined) task.end(outcome)
    else this.#ask(job, outcome.question)
    const whole = !signal.aborted
    place.leave({ tookMs: clock.monotonic() - began, whole })
    if (outcome.error !== undefined) {
      const { code, cause } = outcome.error
      logger.warn('a task failed', { task: taskId, trace, agent: agentId, code, cause })
    }
  }

  #ask(job: Job, question: Question): void {
    const { task } = job
    const { signal } = task.stopping
    if (!this.#mayWait(task.record.caller)) {
      const error = new LumosError('OVERLOADED', { details: { retryAfterMs: 60_000 } })
      task.end({ state: 'TASK_STATE_FAILED', error })
      return
    }
    task.ask(question)
    // The question itself may have been too much.
    if (signal.aborted) task.end(stopped(signal.reason))
    else this.#rest(job)
  }

  /** Counted anew each time: questions are rare, and what is not kept cannot be wrong. */
  #mayWait(peer: PeerIdText): boolean {
    const waiting = [...this.#jobs.values()].filter(({ place }) => place === undefined)
    const ofPeer = waiting.filter(({ task }) => task.record.caller === peer)
    const { waitingPerPeer } = this.#init
    return waiting.length < LIMITS.tasksWaiting.value && ofPeer.length < waitingPerPeer(peer)
  }
}

/** Whether the next process may run the task (tasks/worker/recovery.ts). */
function canGoOn({ task, traits }: Job): boolean {
  return !task.started || traits.idempotent || traits.resumable
}
