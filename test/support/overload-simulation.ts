/** A worker that more is asked of than it can do: real admission, simulated work and time. */
import type { Random } from '../../core/random.ts'
import type { Admission, AdmissionComponents, Place } from '../../tasks/admission.ts'

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
}

export interface OverloadCaller {
  readonly name: string
  /** What it asks for, as a share of all that the worker can do. */
  readonly load: number
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
  readonly refused: number
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

  constructor(open: (components: AdmissionComponents) => Admission, init: OverloadInit) {
    this.#admission = open({ clock: { monotonic: () => this.#now } })
    this.#init = init
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
      refused: this.#refused
    }
  }

  get #measured(): boolean {
    return this.#now >= this.#init.durationMs * WARM_UP_SHARE
  }

  #arrive({ name, load }: OverloadCaller): void {
    const { random, cores, workMs, deadlineMs } = this.#init
    let expected = (load * cores * STEP_MS) / workMs
    while (expected > 0 && random.next() < Math.min(1, expected)) {
      expected -= 1
      try {
        const place = this.#admission.reserve({
          agentId: 'a',
          caller: name,
          patienceMs: deadlineMs
        })
        const leftMs = -Math.log(1 - random.next()) * workMs
        const task: Task = { place, caller: name, arrivedAt: this.#now, workMs: leftMs, leftMs }
        this.#tasks.add(task)
        place.enter(() => {
          task.beganAt = this.#now
          this.#working.add(task)
        })
      } catch {
        if (this.#measured) this.#refused += 1
      }
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
    const speed = Math.min(1, this.#init.cores / this.#working.size)
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
