/** Keeps tasks in memory, bounded by count, bytes and age. */
import { TERMINAL_STATES } from '../core/a2a.ts'
import type { TaskState } from '../core/a2a.ts'
import { LIMITS } from '../core/limits.ts'
import { sizeOf } from './task-fold.ts'
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
  readonly #init: Required<MemoryTaskStoreInit>
  /** In the order of their last change of state, so that lists need no sorting. */
  readonly #entries = new Map<string, Entry>()
  /** Ended tasks in the order of their end. */
  readonly #ended = new Map<string, Entry>()
  /** Keys of forgotten tasks, oldest first. */
  readonly #tombstones = new Set<string>()
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
    const name = keyText(key)
    const entry = this.#entries.get(name)
    if (entry === undefined) return undefined
    // A new attempt begins with a Task that replaces all that was said before.
    if (event.seq === 0) entry.events = []
    entry.events.push(event)
    entry.bytes += sizeOf(event.update)
    const state = stateOf(event)
    if (state === undefined) return undefined
    entry.state = state
    entry.updatedAt = event.at
    this.#entries.delete(name)
    this.#entries.set(name, entry)
    if (TERMINAL_STATES.has(state)) this.#keepEnded(name, entry)
    return undefined
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

  list({ limit, before, ...query }: TaskQuery): Promise<TaskPage> {
    const matching = [...this.#entries.values()]
      .filter((entry) => matches(entry, query))
      .toReversed()
      // Nearly sorted already: only changes within one millisecond are out of order.
      .toSorted((a, b) => order(placeOf(a), placeOf(b)))
    const rest =
      before === undefined
        ? matching
        : matching.filter((entry) => order(before, placeOf(entry)) < 0)
    return Promise.resolve({
      tasks: rest.slice(0, limit).map(stored),
      more: rest.length > limit,
      total: matching.length
    })
  }

  collect(horizon: number): Promise<void> {
    for (const [name, { updatedAt }] of this.#ended) {
      if (updatedAt >= horizon) break
      this.#forget(name)
    }
    return Promise.resolve()
  }

  #keepEnded(name: string, entry: Entry): void {
    this.#ended.set(name, entry)
    this.#endedBytes += entry.bytes
    const { maxTasks, maxBytes } = this.#init
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= maxTasks && this.#endedBytes <= maxBytes) break
      // The newest stays even if it alone is above the limit: its caller has not seen the end yet.
      if (oldest === name) break
      this.#forget(oldest)
    }
  }

  #forget(name: string): void {
    this.#endedBytes -= this.#ended.get(name)?.bytes ?? 0
    this.#ended.delete(name)
    this.#entries.delete(name)
    this.#tombstones.add(name)
    if (this.#tombstones.size <= this.#init.maxTombstones) return
    const [oldest] = this.#tombstones
    if (oldest !== undefined) this.#tombstones.delete(oldest)
  }
}

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

function placeOf({ updatedAt, record }: Entry): ListPlace {
  return { updatedAt, id: record.id }
}

function stateOf({ update }: TaskEvent): TaskState | undefined {
  return (update.task ?? update.statusUpdate)?.status.state
}

function stored({ record, state, updatedAt }: Entry): StoredTask {
  return { record, state, updatedAt }
}

function matches(
  { record, state, updatedAt }: Entry,
  query: Omit<TaskQuery, 'limit' | 'before'>
): boolean {
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
