/** Ended tasks in the database: their list, their number, and how the oldest are forgotten. */
import type { TaskState } from '../core/a2a.ts'
import type { BatchOperation } from '../storage/batches.ts'
import type { Operation, Store } from '../storage/store.ts'
import { openEndedList } from './ended-list.ts'
import type { EndedList } from './ended-list.ts'
import { matches } from './worker/memory-task-store.ts'
import type { Filter, Listed } from './worker/memory-task-store.ts'
import { createOwnerLists } from './owner-lists.ts'
import type { OwnerLists, Selection } from './owner-lists.ts'
import { del, parse, put } from './stored-json.ts'
import { taskKeys } from './worker/task-keys.ts'
import type { ListPlace, StoredTask, TaskKey, TaskRecord } from './worker/task-store.ts'

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
  /** The youngest first; only those behind `place.before`, if it says so. */
  page(
    query: Filter,
    place: { readonly limit: number; readonly before?: ListPlace | undefined }
  ): Promise<StoredTask[]>
  count(query: Filter): Promise<number>
  /** Has to be told of what it gave to be written, once it is. */
  wrote(operations: readonly BatchOperation[]): void
  /** What removes those beyond the limits or before `horizon`, in portions that may be written one by one. */
  surplus(horizon: number, now: number): AsyncIterable<readonly Operation[]>
}

/** Operations of one portion: more would keep others waiting for the disk. */
const PORTION = 2048

/** How much there is; the value at `ended-total`. */
interface Total {
  tasks: number
  bytes: number
  tombstones: number
}

export async function openEndedTasks(store: Reading, limits: EndedLimits): Promise<EndedTasks> {
  const kept = await store.get(taskKeys.endedTotal)
  const total = kept === undefined ? { tasks: 0, bytes: 0, tombstones: 0 } : parse<Total>(kept)
  return new Index(store, { limits, total, list: await openEndedList(store) })
}

/** What stays in memory of an ended task whose caller asks for lists. */
type ListedEnd = Pick<EndedTask, 'agentId' | 'contextId' | 'state'>

class Index implements EndedTasks {
  readonly #store: Reading
  readonly #limits: EndedLimits
  readonly #list: EndedList
  readonly #lists: OwnerLists<ListedEnd>
  readonly #total: Total

  constructor(
    store: Reading,
    init: { readonly limits: EndedLimits; readonly list: EndedList; readonly total: Total }
  ) {
    this.#store = store
    this.#limits = init.limits
    this.#list = init.list
    this.#lists = createOwnerLists(store, {
      rangeOf: taskKeys.endedOf,
      ownerOf: taskKeys.endedBy,
      read(value) {
        const { agentId, contextId, state } = parse<EndedTask>(value)
        return { agentId, contextId, state }
      }
    })
    this.#total = init.total
  }

  add(key: TaskKey, end: EndedTask): Operation[] {
    this.#total.tasks += 1
    this.#total.bytes += end.bytes
    return [put(taskKeys.end(key), end), this.#list.add(key, end), this.#keepTotal()]
  }

  withdraw(bytes: number): void {
    this.#total.tasks -= 1
    this.#total.bytes -= bytes
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

  async page(
    query: Filter,
    place: { readonly limit: number; readonly before?: ListPlace | undefined }
  ): Promise<StoredTask[]> {
    const names = isOfOne(query)
      ? (await this.#selection(query, place)).found.map(({ key }) => key)
      : await this.#namesOfAll(query, place)
    const keys = names.map(taskKeys.endedTask)
    const records = await this.#store.getMany(keys.map(taskKeys.record))
    const ends = await this.#store.getMany(keys.map(taskKeys.end))
    return records.flatMap((record, index) => {
      const end = ends[index]
      // Forgotten between the readings.
      return record === undefined || end === undefined ? [] : [stored(record, end)]
    })
  }

  async count(query: Filter): Promise<number> {
    if (isOfOne(query)) return (await this.#selection(query, { limit: 0 })).total
    let count = 0
    for await (const { name, value } of this.#list.youngest(query)) {
      if (matches(listed(taskKeys.endedTask(name), parse<EndedTask>(value)), query)) count += 1
    }
    return count
  }

  wrote(operations: readonly BatchOperation[]): void {
    this.#lists.wrote(operations)
  }

  async #selection(
    { caller, updatedSince, agentId, contextId, state }: Filter & { readonly caller: string },
    { limit, before }: { readonly limit: number; readonly before?: ListPlace | undefined }
  ): Promise<Selection<ListedEnd>> {
    const isAll = agentId === undefined && contextId === undefined && state === undefined
    const list = await this.#lists.of(caller)
    return list.select({
      limit,
      from:
        updatedSince === undefined ? undefined : taskKeys.ended({ caller, id: '' }, updatedSince),
      before: before && taskKeys.ended({ caller, id: before.id }, before.updatedAt),
      matches: isAll
        ? undefined
        : (end) =>
            (agentId === undefined || end.agentId === agentId) &&
            (contextId === undefined || end.contextId === contextId) &&
            (state === undefined || end.state === state)
    })
  }

  /** For the user of this machine, who is shown page by page what everybody has asked for. */
  async #namesOfAll(
    query: Filter,
    { limit, before }: { readonly limit: number; readonly before?: ListPlace | undefined }
  ): Promise<string[]> {
    const found: string[] = []
    for await (const { name, value } of this.#list.youngest(query, before)) {
      const end = parse<EndedTask>(value)
      if (query.updatedSince !== undefined && end.updatedAt < query.updatedSince) break
      if (matches(listed(taskKeys.endedTask(name), end), query)) found.push(name)
      if (found.length === limit) break
    }
    return found
  }

  async *surplus(horizon: number, now: number): AsyncIterable<readonly Operation[]> {
    this.#lists.tidy()
    yield* portions(this.#surplusTasks(horizon, now))
    yield* portions(this.#surplusTombstones())
  }

  async *#surplusTasks(horizon: number, now: number): AsyncIterable<Operation[]> {
    const { maxTasks, maxBytes } = this.#limits
    for await (const { name, value } of this.#list.oldest()) {
      const full = this.#total.tasks > maxTasks || this.#total.bytes > maxBytes
      if (!full && taskKeys.endedAt(name) >= horizon) return
      this.#total.tasks -= 1
      this.#total.bytes -= parse<EndedTask>(value).bytes
      this.#total.tombstones += 1
      const forgetting = await this.#forgetting(taskKeys.endedTask(name), now)
      yield [del(name), ...forgetting, this.#keepTotal()]
    }
  }

  /** Counting anew at each start took a second for 100,000 tasks. */
  #keepTotal(): Operation {
    return put(taskKeys.endedTotal, this.#total)
  }

  async #forgetting(key: TaskKey, now: number): Promise<Operation[]> {
    const operations: Operation[] = [
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
      if (this.#total.tombstones <= this.#limits.maxTombstones) return
      this.#total.tombstones -= 1
      yield [del(name), del(taskKeys.gone(taskKeys.taskOf(name))), this.#keepTotal()]
    }
  }
}

function isOfOne(query: Filter): query is Filter & { readonly caller: string } {
  return query.caller !== undefined && query.caller !== query.exceptCaller
}

function listed(key: TaskKey, { state, updatedAt, agentId, contextId }: EndedTask): Listed {
  return { record: { ...key, agentId, contextId }, state, updatedAt }
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
