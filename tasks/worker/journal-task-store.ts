/** Keeps tasks in the node's database: what a caller was told survives the process, and the power. */
import type { TaskState } from '../../core/a2a.ts'
import { TERMINAL_STATES } from '../../core/a2a.ts'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { BatchOperation, Batches } from '../../storage/batches.ts'
import { openEndedTasks } from '../ended-tasks.ts'
import type { EndedLimits, EndedTask, EndedTasks, Reading } from '../ended-tasks.ts'
import { lineOf, readEvents } from '../event-lines.ts'
import { del, parse, put } from '../stored-json.ts'
import { sizeOf } from '../task-fold.ts'
import { createKnownIds } from './known-ids.ts'
import type { KnownIds } from './known-ids.ts'
import { keyText, matches, order, placeOf, stateOf } from './memory-task-store.ts'
import { taskKeys } from './task-keys.ts'
import type {
  Commit,
  Durability,
  StoredTask,
  TaskEvent,
  TaskKey,
  TaskPage,
  TaskQuery,
  TaskRecord,
  TaskStore
} from './task-store.ts'

export interface JournalTaskStoreComponents {
  readonly clock: Clock
  readonly store: Reading
  readonly batches: Batches
}

/** Reads what the last process left: which tasks have not ended, and how much there is. */
export async function openJournalTaskStore(
  components: JournalTaskStoreComponents,
  init: Partial<EndedLimits> = {}
): Promise<TaskStore> {
  const { store } = components
  const ended = await openEndedTasks(store, {
    maxTasks: LIMITS.tasksOnDisk.value,
    maxBytes: LIMITS.tasksOnDiskBytes.value,
    maxTombstones: LIMITS.taskTombstones.value,
    ...init
  })
  const open = new Map<string, OpenTask>()
  for await (const [name, value] of store.iterate(taskKeys.allOpen)) {
    const key = taskKeys.taskOf(name)
    open.set(keyText(key), await readOpen(store, key, parse<Opening>(value)))
  }
  const ids = createKnownIds(await highestId(store))
  return new JournalTaskStore(components, { ended, open, ids })
}

/** The value at `open/`: the attempt that is under way. */
interface Opening {
  readonly attempt: number
}

interface OpenTask {
  readonly record: TaskRecord
  /** Whether its acceptance is written. */
  kept: boolean
  state: TaskState
  updatedAt: number
  attempt: number
  /** The numbers under which the events of this attempt lie. */
  places: number[]
  bytes: number
}

interface Writing {
  readonly operations: readonly BatchOperation[]
  /** Of all of them. */
  readonly written: Promise<void>
}

/** What is known of the database without reading it. */
interface Contents {
  readonly ended: EndedTasks
  readonly open: Map<string, OpenTask>
  readonly ids: KnownIds
}

class JournalTaskStore implements TaskStore {
  readonly durable = true
  readonly #parts: JournalTaskStoreComponents
  readonly #ended: EndedTasks
  readonly #open: Map<string, OpenTask>
  /** Those whose end is on its way to the disk. */
  readonly #ending = new Map<string, OpenTask>()
  readonly #ids: KnownIds
  /** Open when this process began. */
  readonly #left: readonly OpenTask[]

  constructor(components: JournalTaskStoreComponents, { ended, open, ids }: Contents) {
    this.#parts = components
    this.#ended = ended
    this.#open = open
    this.#ids = ids
    this.#left = [...open.values()]
  }

  accept(record: TaskRecord, first: TaskEvent): Commit {
    const { attempt, at: updatedAt } = first
    const state = stateOf(first) ?? 'TASK_STATE_SUBMITTED'
    const bytes = sizeOf(first.update)
    const task: OpenTask = { record, kept: false, state, updatedAt, attempt, places: [], bytes }
    this.#open.set(keyText(record), task)
    this.#ids.add(record)
    const operations = [
      put(taskKeys.record(record), record),
      put(taskKeys.open(record), { attempt } satisfies Opening),
      this.#line(task, first)
    ]
    return this.#keep(task, operations)
  }

  async #keep(task: OpenTask, operations: readonly BatchOperation[]): Promise<void> {
    try {
      await this.#parts.batches.write(operations, true)
      task.kept = true
    } catch (error) {
      this.#open.delete(keyText(task.record))
      throw error
    }
  }

  append(key: TaskKey, event: TaskEvent, durability: Durability): Commit {
    const task = this.#open.get(keyText(key))
    if (task === undefined) return undefined
    const { attempt, seq, at } = event
    const { attempt: lastAttempt, places, bytes, state: lastState, updatedAt } = task
    const operations: BatchOperation[] = seq === 0 ? beginAttempt(task, attempt) : []
    operations.push(this.#line(task, event))
    task.bytes += sizeOf(event.update)
    const state = stateOf(event)
    if (state !== undefined) {
      task.state = state
      task.updatedAt = at
    }
    const ends = state !== undefined && TERMINAL_STATES.has(state)
    if (ends) operations.push(...this.#end(task))
    const written = this.#parts.batches.write(operations, durability === 'flushed')
    if (seq !== 0 && !ends) return written
    const done = ends
      ? this.#finish(task, { written, operations }, { state: lastState, updatedAt })
      : written
    if (seq !== 0) return done
    return done.catch((error: unknown) => {
      // The attempt before is what is on disk.
      Object.assign(task, { attempt: lastAttempt, places, bytes })
      throw error
    })
  }

  unfinished(): Promise<readonly StoredTask[]> {
    return Promise.resolve(this.#left.filter(({ record }) => this.#open.has(keyText(record))))
  }

  async find(key: TaskKey): Promise<StoredTask | 'gone' | undefined> {
    const open = this.#near(keyText(key))
    if (open !== undefined) return open
    return this.#ids.isNew(key) ? undefined : this.#ended.find(key)
  }

  async *events(key: TaskKey, from = 0): AsyncIterable<TaskEvent> {
    const { store } = this.#parts
    const open = this.#near(keyText(key))
    const end = open === undefined ? await store.get(taskKeys.end(key)) : undefined
    const attempt = open?.attempt ?? (end && parse<EndedTask>(end).attempt)
    if (attempt === undefined) return
    for await (const { event } of readEvents<TaskEvent>(
      store,
      taskKeys.attempt(key, attempt),
      from
    )) {
      yield event
    }
  }

  async list({ limit, before, total, ...query }: TaskQuery): Promise<TaskPage> {
    const live = [...this.#open.values()].filter((task) => matches(task, query))
    const placed = live.filter((task) => before === undefined || order(before, placeOf(task)) < 0)
    // One more than asked for tells whether another page follows.
    const ended =
      query.id === undefined
        ? await this.#ended.page(query, { limit: limit + 1, before })
        : (await this.#ended.named(query.id)).filter((task) => matches(task, query))
    const tasks = [...placed, ...ended].toSorted((a, b) => order(placeOf(a), placeOf(b)))
    return {
      tasks: tasks.slice(0, limit),
      more: tasks.length > limit,
      total: total === true ? live.length + (await this.#ended.count(query)) : undefined
    }
  }

  async collect(horizon: number): Promise<void> {
    for await (const operations of this.#ended.surplus(horizon, this.#parts.clock.now())) {
      await this.#parts.batches.write(operations, false)
      this.#ended.wrote(operations)
    }
  }

  #line(task: OpenTask, event: TaskEvent): BatchOperation {
    const { record, attempt, places } = task
    const last = places.at(-1)
    const { operation, under } = lineOf(this.#parts.batches, taskKeys.attempt(record, attempt), {
      number: event.seq,
      ...(last !== undefined && { last }),
      event
    })
    if (under !== last) places.push(under)
    return operation
  }

  #end(task: OpenTask): BatchOperation[] {
    const { record, state, updatedAt, attempt, bytes } = task
    const { agentId, contextId } = record
    this.#open.delete(keyText(record))
    this.#ending.set(keyText(record), task)
    const ended = this.#ended.add(record, {
      state,
      updatedAt,
      agentId,
      contextId,
      attempt,
      bytes
    })
    // A quick task has ended before it was written that it began; a later attempt's beginning only
    // replaces what is on disk already.
    const key = taskKeys.open(record)
    return [attempt === 1 ? { type: 'drop', key } : del(key), ...ended]
  }

  /** An end that is not written is none: the task is as open as it was, if it was accepted at all. */
  async #finish(
    task: OpenTask,
    { written, operations }: Writing,
    before: Pick<OpenTask, 'state' | 'updatedAt'>
  ): Promise<void> {
    const name = keyText(task.record)
    try {
      await written
      this.#ended.wrote(operations)
    } catch (error) {
      this.#ended.withdraw(task.bytes)
      Object.assign(task, before)
      if (task.kept) this.#open.set(name, task)
      throw error
    } finally {
      this.#ending.delete(name)
    }
  }

  #near(name: string): OpenTask | undefined {
    return this.#open.get(name) ?? this.#ending.get(name)
  }
}

/** What was said before counts no more; the new attempt's Task says what is left of it. */
function beginAttempt(task: OpenTask, attempt: number): BatchOperation[] {
  const { record, attempt: last, places } = task
  const operations: BatchOperation[] = [put(taskKeys.open(record), { attempt } satisfies Opening)]
  for (const seq of places) operations.push(del(taskKeys.event(record, last, seq)))
  task.attempt = attempt
  task.places = []
  task.bytes = 0
  return operations
}

async function readOpen(store: Reading, key: TaskKey, { attempt }: Opening): Promise<OpenTask> {
  const record = await store.get(taskKeys.record(key))
  if (record === undefined) {
    const reason = `the record of task ${key.id} is missing`
    throw new LumosError('STORE_CORRUPT', { details: { path: taskKeys.record(key), reason } })
  }
  const task: OpenTask = {
    record: parse<TaskRecord>(record),
    kept: true,
    state: 'TASK_STATE_SUBMITTED',
    updatedAt: 0,
    attempt,
    places: [],
    bytes: 0
  }
  for await (const { under, event } of readEvents<TaskEvent>(
    store,
    taskKeys.attempt(key, attempt)
  )) {
    if (under !== task.places.at(-1)) task.places.push(under)
    const state = stateOf(event)
    task.bytes += sizeOf(event.update)
    if (state === undefined) continue
    task.state = state
    task.updatedAt = event.at
  }
  return task
}

async function highestId(store: Reading): Promise<string> {
  let highest = ''
  for (const range of [taskKeys.records, taskKeys.allGone]) {
    for await (const [name] of store.iterate(range, { reverse: true, limit: 1 })) {
      const { id } = taskKeys.taskOf(name)
      if (id > highest) highest = id
    }
  }
  return highest
}
