/** The disk of a simulated machine: counts its writes, takes time for each, fills up, and loses its power at any of them. */
import type { Clock } from '../../../core/clock.ts'
import type { Random } from '../../../core/random.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import type { FaultPlan, MemoryStore } from '../../../storage/memory-store.ts'
import type { CommitOptions, Operation, Store } from '../../../storage/store.ts'
import type { Trace } from './trace.ts'

/** At which write the power fails. */
export interface CrashPoint {
  /** From 1; counts from the last time that it failed. */
  readonly write: number
  /**
   * `lost`: before the write, and nothing that was not synced survives. `written`: right after it, so
   * that it survives if it was synced. `kept`: right after it, and everything survives.
   */
  readonly how: 'lost' | 'written' | 'kept'
}

export const CRASHES: readonly CrashPoint['how'][] = ['lost', 'written', 'kept']

export interface SimulatedDiskComponents {
  readonly name: string
  readonly random: Random
  readonly trace: Trace
  /** Ends the process that writes. */
  readonly fail: (survival: Random) => void
}

export class SimulatedDisk {
  /** Over all processes. */
  writes = 0
  /** How often it was full. */
  fills = 0
  /** When the power fails, in this order. */
  crashes: readonly CrashPoint[] = []
  /** Called after each of them. */
  onCrash: () => void = () => {}
  #sinceCrash = 0
  readonly #parts: SimulatedDiskComponents
  readonly #delayMs: number
  #full = false
  readonly #faults: FaultPlan = {
    commit: () => (this.#full ? 'full' : undefined),
    recover: () => (this.#full ? 'full' : undefined)
  }
  #store: MemoryStore = createMemoryStore(this.#faults)

  constructor(parts: SimulatedDiskComponents, { delayMs }: { readonly delayMs: number }) {
    this.#parts = parts
    this.#delayMs = delayMs
  }

  set full(full: boolean) {
    if (this.#full === full) return
    this.#parts.trace(() => `${this.#parts.name}'s disk ${full ? 'is full' : 'has room'}`)
    this.#full = full
    if (full) this.fills += 1
  }

  /** As the process with this clock sees it. */
  mount(clock: Clock): Store {
    const store = this.#store
    return {
      get: (key) => store.get(key),
      getMany: (keys) => store.getMany(keys),
      iterate: (range, options) => store.iterate(range, options),
      commit: (operations, options) => this.#commit({ store, clock }, operations, options),
      recover: () => store.recover(),
      close: () => store.close()
    }
  }

  crash(survival: Random): void {
    this.#store = this.#store.crash(survival, this.#faults)
  }

  /** Another disk, with nothing on it, takes its place. */
  replace(): void {
    this.#store = createMemoryStore(this.#faults)
  }

  async #commit(
    { store, clock }: { readonly store: MemoryStore; readonly clock: Clock },
    operations: readonly Operation[],
    options: CommitOptions
  ): Promise<void> {
    const { random, name, trace } = this.#parts
    // A dead process writes nothing, and is told nothing.
    if (store !== this.#store) return never()
    this.writes += 1
    this.#sinceCrash += 1
    const [next] = this.crashes
    const crash = next?.write === this.#sinceCrash ? next : undefined
    const number = this.writes
    const how = options.sync ? 'and syncs ' : ''
    trace(() => `${name} writes ${how}${number}: ${keysOf(operations)}`)
    if (this.#delayMs > 0) await clock.sleep(random.next() * this.#delayMs)
    if (crash?.how === 'lost') return this.#fail(0)
    await store.commit(operations, options)
    if (crash !== undefined) return this.#fail(crash.how === 'kept' ? 1 - Number.EPSILON : 0)
  }

  #fail(survival: number): Promise<never> {
    this.crashes = this.crashes.slice(1)
    this.#sinceCrash = 0
    this.#parts.fail({ next: () => survival, bytes: (length) => new Uint8Array(length) })
    this.onCrash()
    return never()
  }
}

function never(): Promise<never> {
  return new Promise(() => {})
}

function keysOf(operations: readonly Operation[]): string {
  return operations.map(({ type, key }) => `${type} ${key}`).join(', ')
}
