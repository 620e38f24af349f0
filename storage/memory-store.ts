/** The Store without a disk: for nodes that keep nothing, and for tests that need a disk to fail. */
import { LumosError } from '../core/errors.ts'
import type { Random } from '../core/random.ts'
import type { Entry, IterateOptions, KeyRange, Operation, Store } from './store.ts'
import { assertKeys, compareKeys } from './store.ts'

/**
 * How a commit fails. `full` and `failed` leave nothing behind; `unknown` is told as a failure like
 * `failed`, but the batch is there once the Store recovers or the machine starts again.
 */
export type Fault = 'full' | 'failed' | 'unknown'

export interface FaultPlan {
  /** What happens to the `n`-th commit (from 1); a promise delays it. */
  readonly commit?: (n: number) => Fault | undefined | Promise<Fault | undefined>
  /** What still stands in the way of recovering; `undefined` when nothing does. */
  readonly recover?: () => Exclude<Fault, 'unknown'> | undefined
}

export interface MemoryStore extends Store {
  /**
   * The Store that a machine finds after losing its power: what was synced, and the beginning of
   * what was not, as long as `random` says. This one is closed by it.
   */
  crash(random: Random, faults?: FaultPlan): MemoryStore
}

/** Unsynced commits remembered for `crash`; the kernel too writes old pages out by itself. */
const UNSYNCED_COMMITS = 10_000

const PATH = 'memory'

export function createMemoryStore(faults: FaultPlan = {}): MemoryStore {
  return memoryStore(new SortedMap(), faults)
}

function memoryStore(durable: SortedMap, faults: FaultPlan): MemoryStore {
  const disk = createDisk(durable, faults)
  let queue: Promise<unknown> = Promise.resolve()

  return {
    async get(key) {
      assertKeys(key)
      return copy(disk.read().get(key))
    },
    async getMany(keys) {
      assertKeys(...keys)
      const values = disk.read()
      return keys.map((key) => copy(values.get(key)))
    },
    iterate: (range, options = {}) => entries(disk, range, options),
    async commit(operations, { sync }) {
      disk.read()
      const copied = operations.map((operation) => {
        assertKeys(operation.key)
        return operation.type === 'put'
          ? { ...operation, value: new Uint8Array(operation.value) }
          : operation
      })
      const committed = queue.then(() => disk.commit(copied, sync))
      queue = committed.catch(() => undefined)
      await committed
    },
    async recover() {
      disk.recover()
    },
    async close() {
      await queue
      disk.close()
    },
    crash(random, next = {}) {
      return memoryStore(disk.crash(random), next)
    }
  }
}

interface Disk {
  /** What commits have left, synced or not. */
  read(): SortedMap
  commit(operations: readonly Operation[], sync: boolean): Promise<void>
  recover(): void
  close(): void
  crash(random: Random): SortedMap
}

function createDisk(durable: SortedMap, faults: FaultPlan): Disk {
  const current = durable.copy()
  const unsynced: (readonly Operation[])[] = []
  let failure: LumosError | undefined
  let undecided: readonly Operation[] | undefined
  let closed = false
  let commits = 0

  function read(): SortedMap {
    if (closed) throw new LumosError('STORE_CLOSED')
    return current
  }

  function write(operations: readonly Operation[], sync: boolean): void {
    current.apply(operations)
    unsynced.push(operations)
    const settled = sync ? unsynced.length : unsynced.length - UNSYNCED_COMMITS
    if (settled > 0) for (const old of unsynced.splice(0, settled)) durable.apply(old)
  }

  return {
    read,
    async commit(operations, sync) {
      commits += 1
      const fault = await faults.commit?.(commits)
      read()
      if (failure === undefined && fault === undefined) return write(operations, sync)
      if (failure === undefined && fault === 'unknown') undecided = operations
      failure ??= faultError(fault ?? 'failed')
      throw failure
    },
    recover() {
      read()
      const obstacle = faults.recover?.()
      if (obstacle !== undefined) throw faultError(obstacle)
      failure = undefined
      if (undecided !== undefined) write(undecided, true)
      undecided = undefined
    },
    close() {
      closed = true
    },
    crash(random) {
      closed = true
      const survived = Math.floor(random.next() * (unsynced.length + 1))
      for (const operations of unsynced.slice(0, survived)) durable.apply(operations)
      if (undecided !== undefined && survived === unsynced.length) durable.apply(undecided)
      return durable
    }
  }
}

async function* entries(
  disk: Disk,
  range: KeyRange,
  { limit = Infinity, reverse = false }: IterateOptions
): AsyncGenerator<Entry> {
  assertKeys(range.gte, range.gt, range.lt)
  let rest = range
  for (let wanted = limit; wanted > 0; wanted -= 1) {
    const map = disk.read()
    const key = map.first(rest, reverse)
    if (key === undefined) return
    yield [key, copy(map.get(key)) ?? new Uint8Array()]
    rest = reverse ? { ...rest, lt: key } : { ...rest, gt: key }
  }
}

/** Not `slice`, which Buffer lets share its memory. */
function copy(value: Uint8Array | undefined): Uint8Array | undefined {
  return value && new Uint8Array(value)
}

function faultError(fault: Fault): LumosError {
  return fault === 'full'
    ? new LumosError('STORE_FULL', { details: { path: PATH } })
    : new LumosError('STORE_FAILED', { details: { path: PATH, reason: 'planned' } })
}

class SortedMap {
  readonly #values: Map<string, Uint8Array>
  readonly #keys: string[]

  constructor(values = new Map<string, Uint8Array>(), keys: string[] = []) {
    this.#values = values
    this.#keys = keys
  }

  copy(): SortedMap {
    return new SortedMap(new Map(this.#values), [...this.#keys])
  }

  get(key: string): Uint8Array | undefined {
    return this.#values.get(key)
  }

  apply(operations: readonly Operation[]): void {
    for (const operation of operations) {
      const known = this.#values.has(operation.key)
      if (operation.type === 'put') {
        if (!known) this.#keys.splice(this.#position(operation.key), 0, operation.key)
        this.#values.set(operation.key, operation.value)
      } else if (known) {
        this.#keys.splice(this.#position(operation.key), 1)
        this.#values.delete(operation.key)
      }
    }
  }

  /** The first key of the range, or the last one. */
  first({ gte = '', gt, lt }: KeyRange, reverse: boolean): string | undefined {
    let low = this.#position(gte)
    if (gt !== undefined) low = Math.max(low, this.#position(gt) + (this.#values.has(gt) ? 1 : 0))
    const high = lt === undefined ? this.#keys.length : this.#position(lt)
    if (low >= high) return undefined
    return this.#keys[reverse ? high - 1 : low]
  }

  /** Where `key` stands, or would. */
  #position(key: string): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareKeys(this.#keys[middle] ?? '', key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
