/** A worker that more is asked of than it can do: real admission, simulated work and time. */
import type { Random } from '../../core/random.ts'
import { toLumosError } from '../../core/errors.ts'
import type { Priority } from '../../core/priority.ts'
import type { Throttle } from '../../routing/throttle.ts'
import type { Admission, AdmissionComponents, Place } from '../../tasks/worker/admission.ts'

export interface OverloadInit {
  readonly random: Random
  /** Runs that proceed at full speed at the same time; more of them share these. */
  readonly cores: number
  /** Mean of the work of a task, milliseconds on a core of its own; exponentially distributed. */
  readonly workMs: number
  /** From the call to the end of the task; callers stop waiting then. */
  readonly deadlineMs: number
  /** Milliseconds of simulated time. */
  readonly durationMs: number
  readonly callers: readonly OverloadCaller[]
  /** Of each caller; default: none, so that all that is asked for arrives. */
  readonly throttle?: (clock: AdmissionComponents['clock']) => Throttle
  /** Milliseconds on a core that a refusal costs the worker; default 0. */
  readonly refusalMs?: number
}

export interface OverloadCaller {
  readonly name: string
  /** What it asks for, as a share of all that the worker can do. */
  readonly load: number
  readonly priority?: Priority
}

export interface OverloadReport {
  /** Work of tasks that ended in time, as a share of all that could be done. */
  readonly goodput: number
  /** Of the tasks that were taken, from the call to the end; milliseconds. */
  readonly p50: number
  readonly p95: number
  /** Tasks that were taken and did not end in time, as a share of those taken. */
  readonly late: number
  /** Tasks that ended in time, by caller. */
  readonly served: ReadonlyMap<string, number>
  /** By the worker. */
  readonly refused: number
  /** By the callers themselves. */
  readonly throttled: number
}

interface Task {
  readonly place: Place
  readonly caller: string
  readonly arrivedAt: number
  readonly workMs: number
  leftMs: number
  beganAt?: number
}

const STEP_MS = 1
/** The one that all callers ask. */
const WORKER = { peer: 'worker', agentId: 'a' }
/** Until then the worker learns how long its work takes. */
const WARM_UP_SHARE = 0.25

export function simulateOverload(
  open: (components: AdmissionComponents) => Admission,
  init: OverloadInit
): OverloadReport {
  return new Overload(open, init).run()
}

class Overload {
  readonly #admission: Admission
  readonly #init: OverloadInit
  readonly #tasks = new Set<Task>()
  readonly #working = new Set<Task>()
  readonly #times: number[] = []
  readonly #served = new Map<string, number>()
  #now = 0
  #doneMs = 0
  #late = 0
  #refused = 0
  #throttled = 0
  readonly #throttles = new Map<string, Throttle | undefined>()
  /** Work on refusals that is still to be done, milliseconds on a core. */
  #refusalsMs = 0

  constructor(open: (components: AdmissionComponents) => Admission, init: OverloadInit) {
    const clock = { monotonic: () => this.#now }
    this.#admission = open({ clock })
    this.#init = init
    for (const { name } of init.callers) this.#throttles.set(name, init.throttle?.(clock))
  }

  run(): OverloadReport {
    const { durationMs, cores, callers } = this.#init
    for (; this.#now < durationMs; this.#now += STEP_MS) {
      for (const caller of callers) this.#arrive(caller)
      this.#expire()
      this.#work()
    }
    const times = this.#times.toSorted((a, b) => a - b)
    const measuredMs = durationMs * (1 - WARM_UP_SHARE)
    return {
      goodput: this.#doneMs / (cores * measuredMs),
      p50: times[Math.floor(times.length * 0.5)] ?? 0,
      p95: times[Math.floor(times.length * 0.95)] ?? 0,
      late: this.#late / Math.max(1, this.#late + times.length),
      served: this.#served,
      refused: this.#refused,
      throttled: this.#throttled
    }
  }

  get #measured(): boolean {
    return this.#now >= this.#init.durationMs * WARM_UP_SHARE
  }

  #arrive(caller: OverloadCaller): void {
    const { random, cores, workMs } = this.#init
    let expected = (caller.load * cores * STEP_MS) / workMs
    while (expected > 0 && random.next() < Math.min(1, expected)) {
      expected -= 1
      this.#ask(caller)
    }
  }

  #ask({ name, priority = 'normal' }: OverloadCaller): void {
    const { random, workMs, deadlineMs, refusalMs = 0 } = this.#init
    const throttle = this.#throttles.get(name)
    if (throttle?.refusal(WORKER) !== undefined) {
      if (this.#measured) this.#throttled += 1
      return
    }
    try {
      const place = this.#admission.reserve({
        agentId: WORKER.agentId,
        caller: name,
        priority,
        patienceMs: deadlineMs
      })
      throttle?.accepted(WORKER)
      const leftMs = -Math.log(1 - random.next()) * workMs
      const task: Task = { place, caller: name, arrivedAt: this.#now, workMs: leftMs, leftMs }
      this.#tasks.add(task)
      place.enter(() => {
        task.beganAt = this.#now
        this.#working.add(task)
      })
    } catch (error) {
      throttle?.refused(WORKER, toLumosError(error))
      this.#refusalsMs += refusalMs
      if (this.#measured) this.#refused += 1
    }
  }

  #expire(): void {
    for (const task of this.#tasks) {
      if (this.#now - task.arrivedAt < this.#init.deadlineMs) return
      if (this.#measured) this.#late += 1
      this.#end(task)
    }
  }

  #work(): void {
    // Refusals come first: they are made by the same process, before any of its agents has its turn.
    const capacityMs = this.#init.cores * STEP_MS
    const refusingMs = Math.min(capacityMs, this.#refusalsMs)
    this.#refusalsMs -= refusingMs
    const cores = (capacityMs - refusingMs) / STEP_MS
    const speed = Math.min(1, cores / this.#working.size)
    for (const task of this.#working) {
      task.leftMs -= STEP_MS * speed
      if (task.leftMs > 0) continue
      if (this.#measured) this.#count(task)
      this.#end(task)
    }
  }

  #count(task: Task): void {
    this.#doneMs += task.workMs
    this.#times.push(this.#now - task.arrivedAt)
    this.#served.set(task.caller, (this.#served.get(task.caller) ?? 0) + 1)
  }

  #end(task: Task): void {
    this.#tasks.delete(task)
    this.#working.delete(task)
    const { beganAt } = task
    const whole = task.leftMs <= 0
    task.place.leave(beganAt === undefined ? undefined : { tookMs: this.#now - beganAt, whole })
  }
}
