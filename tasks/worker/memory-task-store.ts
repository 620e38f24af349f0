/** Keeps tasks in memory, bounded by count, bytes and age. */
import { TERMINAL_STATES } from '../../core/a2a.ts'
import type { TaskState } from '../../core/a2a.ts'
import { LIMITS } from '../../core/limits.ts'
import { createFifo } from '../fifo.ts'
import { sizeOf } from '../task-fold.ts'
import type {
  Commit,
  ListPlace,
  StoredTask,
  TaskEvent,
  TaskKey,
  TaskPage,
  TaskQuery,
  TaskRecord,
  TaskStore
} from './task-store.ts'

export interface MemoryTaskStoreInit {
  /** Ended tasks to keep. */
  readonly maxTasks?: number
  /** Bytes of ended tasks to keep. */
  readonly maxBytes?: number
  readonly maxTombstones?: number
}

export function createMemoryTaskStore(init: MemoryTaskStoreInit = {}): TaskStore {
  return new MemoryTaskStore(init)
}

interface Entry {
  readonly record: TaskRecord
  state: TaskState
  updatedAt: number
  events: TaskEvent[]
  bytes: number
}

class MemoryTaskStore implements TaskStore {
  readonly durable = false
  readonly #init: Required<MemoryTaskStoreInit>
  readonly #entries = new Map<string, Entry>()
  /** Ended tasks in the order of their end. */
  readonly #ended = createFifo<Entry>()
  /** Keys of forgotten tasks. */
  readonly #tombstones = new Set<string>()
  /** The same, oldest first. */
  readonly #forgotten = createFifo<string>()
  #endedBytes = 0

  constructor(init: MemoryTaskStoreInit) {
    this.#init = {
      maxTasks: LIMITS.tasksKept.value,
      maxBytes: LIMITS.tasksKeptBytes.value,
      maxTombstones: LIMITS.taskTombstones.value,
      ...init
    }
  }

  accept(record: TaskRecord, first: TaskEvent): Commit {
    const state = stateOf(first) ?? 'TASK_STATE_SUBMITTED'
    const bytes = sizeOf(first.update)
    const entry = { record, state, updatedAt: first.at, events: [first], bytes }
    this.#entries.set(keyText(record), entry)
    return undefined
  }

  append(key: TaskKey, event: TaskEvent): Commit {
    const entry = this.#entries.get(keyText(key))
    if (entry === undefined) return undefined
    // A new attempt begins with a Task that replaces all that was said before.
    if (event.seq === 0) entry.events = []
    entry.events.push(event)
    entry.bytes += sizeOf(event.update)
    const state = stateOf(event)
    if (state === undefined) return undefined
    entry.state = state
    entry.updatedAt = event.at
    if (TERMINAL_STATES.has(state)) this.#keepEnded(entry)
    return undefined
  }

  unfinished(): Promise<readonly StoredTask[]> {
    return Promise.resolve([])
  }

  find(key: TaskKey): Promise<StoredTask | 'gone' | undefined> {
    const name = keyText(key)
    const entry = this.#entries.get(name)
    if (entry !== undefined) return Promise.resolve(stored(entry))
    return Promise.resolve(this.#tombstones.has(name) ? 'gone' : undefined)
  }

  async *events(key: TaskKey, from = 0): AsyncIterable<TaskEvent> {
    yield* this.#entries.get(keyText(key))?.events.slice(from) ?? []
  }

  list({ limit, before, total, ...query }: TaskQuery): Promise<TaskPage> {
    const matching = [...this.#entries.values()]
      .filter((entry) => matches(entry, query))
      .toSorted((a, b) => order(placeOf(a), placeOf(b)))
    const rest =
      before === undefined
        ? matching
        : matching.filter((entry) => order(before, placeOf(entry)) < 0)
    return Promise.resolve({
      tasks: rest.slice(0, limit).map(stored),
      more: rest.length > limit,
      total: total === true ? matching.length : undefined
    })
  }

  collect(horizon: number): Promise<void> {
    while ((this.#ended.first?.updatedAt ?? Infinity) < horizon) this.#forgetOldest()
    return Promise.resolve()
  }

  #keepEnded(entry: Entry): void {
    this.#ended.push(entry)
    this.#endedBytes += entry.bytes
    const { maxTasks, maxBytes } = this.#init
    // The newest stays even if it alone is above the limit: its caller has not seen the end yet.
    while (this.#ended.size > 1 && (this.#ended.size > maxTasks || this.#endedBytes > maxBytes)) {
      this.#forgetOldest()
    }
  }

  #forgetOldest(): void {
    const entry = this.#ended.shift()
    if (entry === undefined) return
    const name = keyText(entry.record)
    this.#endedBytes -= entry.bytes
    this.#entries.delete(name)
    this.#tombstones.add(name)
    this.#forgotten.push(name)
    if (this.#forgotten.size <= this.#init.maxTombstones) return
    const oldest = this.#forgotten.shift()
    if (oldest !== undefined) this.#tombstones.delete(oldest)
  }
}

/** What queries ask about. */
export interface Listed extends Pick<StoredTask, 'state' | 'updatedAt'> {
  readonly record: Pick<TaskRecord, 'id' | 'caller' | 'agentId' | 'contextId'>
}

export type Filter = Omit<TaskQuery, 'limit' | 'before' | 'total'>

/** A text that is unique for caller and id. */
export function keyText({ caller, id }: TaskKey): string {
  return `${caller}/${id}`
}

/** Negative when `a` comes before `b` in lists. */
export function order(a: ListPlace, b: ListPlace): number {
  if (a.updatedAt !== b.updatedAt) return b.updatedAt - a.updatedAt
  if (a.id === b.id) return 0
  return a.id < b.id ? 1 : -1
}

/** Where a task stands in lists. */
export function placeOf({ updatedAt, record }: StoredTask): ListPlace {
  return { updatedAt, id: record.id }
}

/** The state that an event brings, if it does. */
export function stateOf({ update }: TaskEvent): TaskState | undefined {
  return (update.task ?? update.statusUpdate)?.status.state
}

function stored({ record, state, updatedAt }: Entry): StoredTask {
  return { record, state, updatedAt }
}

/** Whether a task is one of those that a query asks for, wherever it stands. */
export function matches({ record, state, updatedAt }: Listed, query: Filter): boolean {
  return (
    (query.id === undefined || record.id === query.id) &&
    (query.exceptCaller === undefined || record.caller !== query.exceptCaller) &&
    (query.caller === undefined || record.caller === query.caller) &&
    (query.agentId === undefined || record.agentId === query.agentId) &&
    (query.contextId === undefined || record.contextId === query.contextId) &&
    (query.state === undefined || state === query.state) &&
    (query.updatedSince === undefined || updatedAt >= query.updatedSince)
  )
}
