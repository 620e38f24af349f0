/** Decides at once which tasks an agent takes, and in which order it works on them. */
import type { Clock } from '../../core/clock.ts'
import { Counts } from '../../core/counts.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Priority } from '../../core/priority.ts'
import { createAdaptiveLimit } from './adaptive-limit.ts'
import type { AdaptiveLimit } from './adaptive-limit.ts'
import { createFairLine } from './fair-line.ts'
import type { FairLine, LineKey } from './fair-line.ts'

export interface AdmissionComponents {
  readonly clock: Pick<Clock, 'monotonic'>
}

export interface AdmissionInit {
  /** The most tasks that one agent works on at the same time. */
  readonly concurrency?: number
  /** Accepted tasks that may wait for one agent. */
  readonly queue?: number
  /** Tasks of one peer at one agent, working or waiting. */
  readonly perPeer?: (caller: PeerIdText) => number
  /** Accepted tasks that have not ended, over all agents. */
  readonly total?: number
  /** Called after every change of the load. */
  readonly onChange?: () => void
}

/** What is asked for. */
export interface AdmissionRequest {
  readonly agentId: string
  readonly caller: PeerIdText
  /** Milliseconds within which the work has to begin. */
  readonly patienceMs: number
  /** Default `normal`. */
  readonly priority?: Priority
  /** Whether the task was accepted before, by an earlier process: then nothing refuses it. */
  readonly accepted?: boolean
}

/** A task's right to be worked on; an accepted task never loses it to a later one. */
export interface Place {
  /** Whether `enter` would start the work at once. */
  readonly free: boolean
  /** Calls `start` when it is the task's turn: now, or later. */
  enter(start: () => void): void
  /** Gives the place up, after the work or before. */
  leave(work?: EndedWork): void
}

/** What the end of a task's work teaches. */
export interface EndedWork {
  /** Milliseconds. */
  readonly tookMs: number
  /** False when it was cut short, by its caller or its deadline. */
  readonly whole: boolean
}

export interface Admission {
  /** Throws OVERLOADED with the time after which trying again makes sense. */
  reserve(request: AdmissionRequest): Place
  readonly working: number
  /** Reserved places that are not worked at yet. */
  readonly waiting: number
  /** Counts an agent that runs on though its task is over as working, until it has ended. */
  linger(agentId: string, ended: Promise<void>): void
  /** Tasks per place of the busiest agent, 0 to 1 (1: the next one has to wait). */
  load(): number
}

export function createAdmission(
  components: AdmissionComponents,
  init: AdmissionInit = {}
): Admission {
  return new BoundedAdmission(components, init)
}

/** What an agent has to do. */
interface Desk {
  reserved: number
  working: number
  /** Runs that go on though their tasks are over: they take up places as work does. */
  lingering: number
  readonly perPeer: Counts<PeerIdText>
  /** Callers take turns, so that a flood of one delays the others by one task. */
  readonly line: FairLine
  /** Moving average of how long a task takes, milliseconds. */
  averageMs: number
  readonly limit: AdaptiveLimit
}

const FIRST_GUESS_MS = 100
/** Weight of the newest task in the average: about the last ten count. */
const AVERAGE_WEIGHT = 0.03
/** Whoever has to wait is taken only if what is expected fits into its time so many times. */
const CAUTION = 2
/** Of the places to wait: what may take all night leaves room for the rest. */
const BATCH_SHARE = 0.5
const RETRY_AFTER_MIN_MS = 50
const RETRY_AFTER_MAX_MS = 30_000

class BoundedAdmission implements Admission {
  readonly #parts: AdmissionComponents
  readonly #init: Required<AdmissionInit>
  readonly #desks = new Map<string, Desk>()
  #total = 0
  working = 0

  constructor(parts: AdmissionComponents, init: AdmissionInit) {
    this.#parts = parts
    this.#init = {
      concurrency: LIMITS.agentConcurrency.value,
      queue: LIMITS.agentQueue.value,
      perPeer: () => LIMITS.agentTasksPerPeer.value,
      total: LIMITS.tasksActive.value,
      onChange: () => {},
      ...init
    }
  }

  reserve(request: AdmissionRequest): Place {
    const { agentId, caller, patienceMs, accepted = false } = request
    const key = { caller, priority: request.priority ?? 'normal' }
    const { queue, perPeer, total } = this.#init
    const desk = this.#desks.get(agentId) ?? this.#newDesk()
    // With no place left that work could ever get, the wait is endless.
    const places = Math.max(0, desk.limit.value - desk.lingering)
    const waiting = Math.min(Math.max(0, desk.reserved + 1 - places), desk.line.turnsBefore(key))
    const waitMs = places === 0 ? Infinity : (waiting / places) * desk.averageMs
    const neededMs = waiting === 0 ? 0 : waitMs + desk.averageMs
    const share = desk.perPeer.of(caller)
    const full =
      this.#total >= total ||
      places === 0 ||
      desk.reserved >= places + queue * (key.priority === 'batch' ? BATCH_SHARE : 1) ||
      share >= perPeer(caller) ||
      neededMs * CAUTION > patienceMs
    if (full && !accepted) {
      const retryAfterMs = Math.round(
        Math.min(RETRY_AFTER_MAX_MS, Math.max(RETRY_AFTER_MIN_MS, waitMs))
      )
      throw new LumosError('OVERLOADED', { details: { retryAfterMs } })
    }
    this.#desks.set(agentId, desk)
    this.#total += 1
    desk.reserved += 1
    desk.perPeer.add(caller)
    this.#init.onChange()
    return this.#place(desk, key)
  }

  get waiting(): number {
    return this.#total - this.working
  }

  load(): number {
    let most = 0
    for (const { reserved, lingering } of this.#desks.values()) {
      most = Math.max(most, reserved + lingering)
    }
    return Math.min(1, most / this.#init.concurrency)
  }

  linger(agentId: string, ended: Promise<void>): void {
    const desk = this.#desks.get(agentId) ?? this.#newDesk()
    this.#desks.set(agentId, desk)
    desk.lingering += 1
    this.#init.onChange()
    void this.#outlast(desk, ended)
  }

  async #outlast(desk: Desk, ended: Promise<void>): Promise<void> {
    await ended
    desk.lingering -= 1
    this.#pump(desk)
    this.#init.onChange()
  }

  #hasRoom({ working, lingering, limit }: Desk): boolean {
    return working + lingering < limit.value
  }

  #place(desk: Desk, key: LineKey): Place {
    let state: 'reserved' | 'waiting' | 'working' | 'left' = 'reserved'
    let starter: (() => void) | undefined
    const hasRoom = (): boolean => this.#hasRoom(desk)
    return {
      get free() {
        return state === 'reserved' && hasRoom()
      },
      enter: (start) => {
        if (state !== 'reserved') return
        state = 'waiting'
        starter = () => {
          state = 'working'
          start()
        }
        desk.line.join(key, starter)
        this.#pump(desk)
      },
      leave: (work) => {
        if (state === 'left') return
        if (state === 'working') this.#workEnded(desk)
        if (state === 'waiting' && starter !== undefined) desk.line.withdraw(key, starter)
        state = 'left'
        if (work !== undefined) learn(desk, work)
        this.#release(desk, key.caller)
      }
    }
  }

  #newDesk(): Desk {
    return {
      reserved: 0,
      working: 0,
      lingering: 0,
      perPeer: new Counts(),
      line: createFairLine(),
      averageMs: FIRST_GUESS_MS,
      limit: createAdaptiveLimit(this.#parts, { most: this.#init.concurrency })
    }
  }

  #workEnded(desk: Desk): void {
    desk.working -= 1
    this.working -= 1
  }

  #release(desk: Desk, caller: PeerIdText): void {
    this.#total -= 1
    desk.reserved -= 1
    desk.perPeer.remove(caller)
    this.#pump(desk)
    this.#init.onChange()
  }

  #pump(desk: Desk): void {
    while (this.#hasRoom(desk)) {
      const start = desk.line.next()
      if (start === undefined) return
      desk.working += 1
      this.working += 1
      start()
    }
  }
}

function learn(desk: Desk, { tookMs, whole }: EndedWork): void {
  desk.averageMs += AVERAGE_WEIGHT * (tookMs - desk.averageMs)
  desk.limit.ended({ late: !whole, waiting: !desk.line.isEmpty })
}
