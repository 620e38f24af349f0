/** Ended tasks in the database: their list, their number, and how the oldest are forgotten. */
import type { TaskState } from '../core/a2a.ts'
import type { KeyRange, Operation, Store } from '../storage/store.ts'
import { matches } from './memory-task-store.ts'
import type { Filter, Listed } from './memory-task-store.ts'
import { del, parse, put } from './stored-json.ts'
import { taskKeys } from './task-keys.ts'
import type { StoredTask, TaskKey, TaskRecord } from './task-store.ts'

export type Reading = Pick<Store, 'get' | 'getMany' | 'iterate'>

/** The value at `end/` and `ended/`: what lists ask about, and what forgetting takes away. */
export interface EndedTask {
  readonly state: TaskState
  readonly updatedAt: number
  readonly agentId: string
  readonly contextId: string
  readonly attempt: number
  readonly bytes: number
}

export interface EndedLimits {
  /** Ended tasks to keep. */
  readonly maxTasks: number
  /** Bytes of ended tasks to keep. */
  readonly maxBytes: number
  readonly maxTombstones: number
}

export interface EndedTasks {
  /** Counts a task; the operations put it into the index. */
  add(key: TaskKey, end: EndedTask): Operation[]
  /** Counts a task no more whose end, of so many bytes, was not written. */
  withdraw(bytes: number): void
  find(key: TaskKey): Promise<StoredTask | 'gone' | undefined>
  /** Ended tasks of that id, whoever asked for them. */
  named(id: string): Promise<StoredTask[]>
  /** The youngest first. */
  page(range: KeyRange, query: Filter, limit: number): Promise<StoredTask[]>
  count(query: Filter): Promise<number>
  /** What removes those beyond the limits or before `horizon`, in portions that may be written one by one. */
  surplus(horizon: number, now: number): AsyncIterable<readonly Operation[]>
}

/** Operations of one portion: more would keep others waiting for the disk. */
const PORTION = 2048

/** Counts what is there. */
export async function openEndedTasks(store: Reading, limits: EndedLimits): Promise<EndedTasks> {
  const counts = { tasks: 0, bytes: 0, tombstones: 0 }
  for await (const [, value] of store.iterate(taskKeys.allEnded)) {
    counts.tasks += 1
    counts.bytes += parse<EndedTask>(value).bytes
  }
  for await (const _ of store.iterate(taskKeys.allGoneAt)) counts.tombstones += 1
  return new Index(store, limits, counts)
}

class Index implements EndedTasks {
  readonly #store: Reading
  readonly #limits: EndedLimits
  readonly #counts: { tasks: number; bytes: number; tombstones: number }

  constructor(
    store: Reading,
    limits: EndedLimits,
    counts: { tasks: number; bytes: number; tombstones: number }
  ) {
    this.#store = store
    this.#limits = limits
    this.#counts = counts
  }

  add(key: TaskKey, end: EndedTask): Operation[] {
    this.#counts.tasks += 1
    this.#counts.bytes += end.bytes
    const named = put(taskKeys.end(key), end)
    return [named, { ...named, key: taskKeys.ended(key, end.updatedAt) }]
  }

  withdraw(bytes: number): void {
    this.#counts.tasks -= 1
    this.#counts.bytes -= bytes
  }

  async find(key: TaskKey): Promise<StoredTask | 'gone' | undefined> {
    const keys = [taskKeys.record(key), taskKeys.end(key), taskKeys.gone(key)]
    const [record, end, gone] = await this.#store.getMany(keys)
    if (record !== undefined && end !== undefined) return stored(record, end)
    return gone === undefined ? undefined : 'gone'
  }

  async named(id: string): Promise<StoredTask[]> {
    const found: StoredTask[] = []
    for await (const [name, record] of this.#store.iterate(taskKeys.recordsOf(id))) {
      const end = await this.#store.get(taskKeys.end(taskKeys.taskOf(name)))
      if (end !== undefined) found.push(stored(record, end))
    }
    return found
  }

  page(range: KeyRange, query: Filter, limit: number): Promise<StoredTask[]> {
    return page(this.#store, { range, limit }, query)
  }

  async count(query: Filter): Promise<number> {
    let count = 0
    for await (const [name, value] of this.#store.iterate(taskKeys.allEnded)) {
      if (matches(listed(name, parse<EndedTask>(value)), query)) count += 1
    }
    return count
  }

  async *surplus(horizon: number, now: number): AsyncIterable<readonly Operation[]> {
    yield* portions(this.#surplusTasks(horizon, now))
    yield* portions(this.#surplusTombstones())
  }

  async *#surplusTasks(horizon: number, now: number): AsyncIterable<Operation[]> {
    const { maxTasks, maxBytes } = this.#limits
    for await (const [name, value] of this.#store.iterate(taskKeys.allEnded)) {
      const full = this.#counts.tasks > maxTasks || this.#counts.bytes > maxBytes
      if (!full && taskKeys.timeOf(name) >= horizon) return
      this.#counts.tasks -= 1
      this.#counts.bytes -= parse<EndedTask>(value).bytes
      this.#counts.tombstones += 1
      yield [del(name), ...(await this.#forgetting(taskKeys.taskOf(name), now))]
    }
  }

  async #forgetting(key: TaskKey, now: number): Promise<Operation[]> {
    const operations = [
      del(taskKeys.record(key)),
      del(taskKeys.end(key)),
      put(taskKeys.gone(key), {}),
      put(taskKeys.goneAt(key, now), {})
    ]
    for await (const [name] of this.#store.iterate(taskKeys.events(key))) operations.push(del(name))
    return operations
  }

  async *#surplusTombstones(): AsyncIterable<Operation[]> {
    for await (const [name] of this.#store.iterate(taskKeys.allGoneAt)) {
      if (this.#counts.tombstones <= this.#limits.maxTombstones) return
      this.#counts.tombstones -= 1
      yield [del(name), del(taskKeys.gone(taskKeys.taskOf(name)))]
    }
  }
}

/** Looks through the index, and reads only the records of the page. */
async function page(
  store: Reading,
  { range, limit }: { readonly range: KeyRange; readonly limit: number },
  query: Filter
): Promise<StoredTask[]> {
  const found: { readonly key: TaskKey; readonly end: EndedTask }[] = []
  for await (const [name, value] of store.iterate(range, { reverse: true })) {
    const end = parse<EndedTask>(value)
    if (query.updatedSince !== undefined && end.updatedAt < query.updatedSince) break
    if (matches(listed(name, end), query)) found.push({ key: taskKeys.taskOf(name), end })
    if (found.length === limit) break
  }
  const records = await store.getMany(found.map(({ key }) => taskKeys.record(key)))
  return found.flatMap(({ end: { state, updatedAt } }, index) => {
    const record = records[index]
    // Forgotten between the two readings.
    return record === undefined ? [] : [{ record: parse<TaskRecord>(record), state, updatedAt }]
  })
}

function listed(name: string, { state, updatedAt, agentId, contextId }: EndedTask): Listed {
  return { record: { ...taskKeys.taskOf(name), agentId, contextId }, state, updatedAt }
}

function stored(record: Uint8Array, end: Uint8Array): StoredTask {
  const { state, updatedAt } = parse<EndedTask>(end)
  return { record: parse<TaskRecord>(record), state, updatedAt }
}

async function* portions(items: AsyncIterable<Operation[]>): AsyncIterable<readonly Operation[]> {
  let portion: Operation[] = []
  for await (const operations of items) {
    portion.push(...operations)
    if (portion.length < PORTION) continue
    yield portion
    portion = []
  }
  if (portion.length > 0) yield portion
}
