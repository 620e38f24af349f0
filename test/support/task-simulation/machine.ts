/** A machine of the task simulation: a wall clock that may be set, a disk, and processes that come and go. */
import type { Clock } from '../../../core/clock.ts'
import type { Random } from '../../../core/random.ts'
import { createBatches } from '../../../storage/batches.ts'
import type { Batches } from '../../../storage/batches.ts'
import { createGroupCommit } from '../../../storage/group-commit.ts'
import { createGuardedStore } from '../../../storage/writable-state.ts'
import type { GuardedStore } from '../../../storage/writable-state.ts'
import type { ManualClock } from '../manual-clock.ts'
import { SimulatedDisk } from './disk.ts'
import { ProcessClock } from './process-clock.ts'
import type { Trace } from './trace.ts'

/** One process from its start to its end. */
export interface Life {
  readonly clock: Clock
  readonly store: GuardedStore
  readonly batches: Batches
  readonly alive: boolean
  /** Calls `action` when the process is killed. */
  onEnd(action: () => void): void
}

export interface MachineComponents {
  readonly time: ManualClock
  readonly random: Random
  readonly trace: Trace
}

export interface MachineInit {
  readonly name: string
  /** Milliseconds that a write takes at most. */
  readonly diskDelayMs: number
}

/** Some day of 2026, so that a wall clock that is set back is not before the epoch. */
const EPOCH_MS = 1_790_000_000_000

export class Machine {
  readonly name: string
  readonly disk: SimulatedDisk
  /** Milliseconds by which its clock was set forward and back, each summed up. */
  readonly jumped = { forward: 0, back: 0 }
  readonly #parts: MachineComponents
  #life: RunningLife | undefined
  #lives = 0

  constructor(parts: MachineComponents, { name, diskDelayMs }: MachineInit) {
    this.name = name
    this.#parts = parts
    const fail = (survival: Random): void => this.fail(survival)
    this.disk = new SimulatedDisk({ ...parts, name, fail }, { delayMs: diskDelayMs })
  }

  get life(): Life | undefined {
    return this.#life
  }

  /** Processes so far. */
  get lives(): number {
    return this.#lives
  }

  /** Undefined when one is running already. */
  start(): Life | undefined {
    if (this.#life !== undefined) return undefined
    const { time, trace } = this.#parts
    const clock = new ProcessClock(time, () => this.#wallMs())
    const guarded = createGuardedStore({ clock, store: this.disk.mount(clock) })
    this.#life = new RunningLife(clock, guarded)
    this.#lives += 1
    trace(() => `${this.name} starts`)
    return this.#life
  }

  /** The power fails: `survival` says how much of what was not synced is there afterwards. */
  fail(survival: Random = this.#parts.random): void {
    const life = this.#life
    if (life === undefined) return
    this.#parts.trace(() => `${this.name} fails`)
    this.#life = undefined
    this.disk.crash(survival)
    life.end()
  }

  /** The process is killed: what the operating system has taken is safe. */
  kill(): void {
    this.fail({ next: () => 1 - Number.EPSILON, bytes: (length) => new Uint8Array(length) })
  }

  /** Somebody sets the clock: no promise may depend on it being right. */
  setClock(byMs: number): void {
    this.#parts.trace(() => `${this.name}'s clock is set by ${byMs} ms`)
    this.jumped[byMs > 0 ? 'forward' : 'back'] += Math.abs(byMs)
  }

  #wallMs(): number {
    const { forward, back } = this.jumped
    return Math.floor(EPOCH_MS + this.#parts.time.monotonic() + forward - back)
  }
}

class RunningLife implements Life {
  readonly clock: ProcessClock
  readonly store: GuardedStore
  readonly batches: Batches
  alive = true
  readonly #onEnd: (() => void)[] = []

  constructor(clock: ProcessClock, store: GuardedStore) {
    this.clock = clock
    this.store = store
    const commit = createGroupCommit({ store })
    this.batches = createBatches({
      append: async (_, { sync, operations = [] }) => {
        await commit.append(operations, { sync })
        return 0
      }
    })
  }

  onEnd(action: () => void): void {
    this.#onEnd.push(action)
  }

  end(): void {
    this.alive = false
    this.clock.stop()
    for (const action of this.#onEnd) action()
  }
}
