/** Ends what takes too long: one timer a task, set to whichever of its four limits comes first. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'

/** Limits within a task, milliseconds each; what is absent is not limited. */
export interface TaskTimeouts {
  /** From acceptance to the beginning of the work. */
  readonly queueMs?: number
  /** One run, from WORKING on. */
  readonly runMs?: number
  /** Between two signs of life of a running agent. */
  readonly heartbeatMs?: number
}

/** What counts for agents that declare no limits of their own; the total counts for all. */
export interface NodeTimeouts extends TaskTimeouts {
  /** Milliseconds from acceptance to the end; default LIMITS.taskDuration. */
  readonly totalMs?: number
}

/** How long a task may take in all, and how long until it has to begin, milliseconds. */
export function timesFor(
  { deadlineMs = Infinity }: { readonly deadlineMs?: number },
  node: NodeTimeouts,
  agent?: TaskTimeouts
): { readonly deadlineMs: number; readonly patienceMs: number } {
  const { totalMs = LIMITS.taskDuration.value } = node
  const { queueMs = Infinity } = { ...node, ...agent }
  const mostMs = Math.min(deadlineMs, totalMs)
  return { deadlineMs: mostMs, patienceMs: Math.min(mostMs, queueMs) }
}

export interface TaskTimerInit {
  readonly agent: string
  readonly timeouts: TaskTimeouts
  /** Milliseconds left of the whole task. */
  readonly remainingMs: number
  /** Milliseconds the whole task was given. */
  readonly totalMs: number
  /** Whether the agent was at work before, and asked. */
  readonly begunBefore?: boolean
  /** Called once at most. */
  readonly onTimeout: (error: LumosError) => void
}

interface Limit {
  readonly code: ErrorCode
  readonly timeoutMs: number
  /** On the monotonic clock. */
  readonly at: number
}

export class TaskTimer {
  readonly #clock: Clock
  readonly #init: TaskTimerInit
  readonly #acceptedAt: number
  #begunAt: number | undefined
  #heardAt = 0
  #stopped = false
  #disarm: () => void

  constructor(clock: Clock, init: TaskTimerInit) {
    this.#clock = clock
    this.#init = init
    this.#acceptedAt = clock.monotonic()
    this.#disarm = this.#arm()
  }

  /** The work begins: waiting is over, and what limits a run counts from now. */
  begin(): void {
    // Its store may have failed in between.
    if (this.#stopped) return
    const { queueMs, runMs, heartbeatMs } = this.#init.timeouts
    this.#begunAt = this.#clock.monotonic()
    this.#heardAt = this.#begunAt
    if (queueMs === undefined && runMs === undefined && heartbeatMs === undefined) return
    this.#disarm()
    this.#disarm = this.#arm()
  }

  /** A sign of life. Moves no timer: the one that fires looks when the last sign was. */
  heartbeat(): void {
    if (this.#init.timeouts.heartbeatMs !== undefined) this.#heardAt = this.#clock.monotonic()
  }

  /** Milliseconds until the task or its run is out of time. */
  remainingMs(): number {
    const { timeouts, remainingMs } = this.#init
    const { runMs = Infinity } = timeouts
    const end = Math.min(this.#acceptedAt + remainingMs, (this.#begunAt ?? Infinity) + runMs)
    return end - this.#clock.monotonic()
  }

  stop(): void {
    this.#stopped = true
    this.#disarm()
  }

  #arm(): () => void {
    const next = this.#nearest()
    return this.#clock.after(Math.max(0, next.at - this.#clock.monotonic()), () => this.#fire())
  }

  #fire(): void {
    const { code, timeoutMs, at } = this.#nearest()
    if (at > this.#clock.monotonic()) {
      this.#disarm = this.#arm()
      return
    }
    const { agent, onTimeout } = this.#init
    // A task that timed out in the queue has surely not been begun, and may be asked for elsewhere.
    const maybeExecuted = this.#begunAt !== undefined || this.#init.begunBefore === true
    onTimeout(new LumosError(code, { details: { agent, timeoutMs, maybeExecuted } }))
  }

  #nearest(): Limit {
    const { timeouts, remainingMs, totalMs } = this.#init
    const { queueMs, runMs, heartbeatMs } = timeouts
    const at = this.#acceptedAt + remainingMs
    let nearest: Limit = { code: 'TIMED_OUT', timeoutMs: totalMs, at }
    const consider = (code: ErrorCode, timeoutMs: number | undefined, from: number): void => {
      if (timeoutMs === undefined || from + timeoutMs >= nearest.at) return
      nearest = { code, timeoutMs, at: from + timeoutMs }
    }
    if (this.#begunAt === undefined) consider('QUEUE_TIMED_OUT', queueMs, this.#acceptedAt)
    else {
      consider('RUN_TIMED_OUT', runMs, this.#begunAt)
      consider('HEARTBEAT_TIMED_OUT', heartbeatMs, this.#heardAt)
    }
    return nearest
  }
}
