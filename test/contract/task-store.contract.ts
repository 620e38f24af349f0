/** What every TaskStore does, wherever it keeps its tasks. */
import { describe, expect, test } from 'vitest'
import type { TaskState } from '../../core/a2a.ts'
import type { TaskEvent, TaskRecord, TaskStore } from '../../tasks/worker/task-store.ts'

export interface TaskStoreLimits {
  readonly maxTasks?: number
  readonly maxTombstones?: number
}

export interface TaskStoreHarness {
  readonly create: (limits?: TaskStoreLimits) => Promise<TaskStore>
}

const CONTEXT = 'context'

function idOf(number: number): string {
  return `01890a5d-ac96-774b-bcce-${String(number).padStart(12, '0')}`
}

export function record(number: number, more: Partial<TaskRecord> = {}): TaskRecord {
  const id = idOf(number)
  return {
    id,
    caller: 'caller',
    agentId: 'echo',
    contextId: CONTEXT,
    message: { messageId: `m${number}`, role: 'ROLE_USER', parts: [{ text: 'hi' }] },
    payloadHash: 'hash',
    createdAt: 0,
    deadlineAt: 1_000_000,
    ...more
  }
}

/** Event `seq` of a task: the Task at 0, a state after it. */
export function event(
  task: TaskRecord,
  {
    attempt = 1,
    seq,
    at = seq,
    state
  }: { attempt?: number; seq: number; at?: number; state: TaskState }
): TaskEvent {
  const { id, contextId } = task
  const status = { state }
  const update =
    seq === 0
      ? { task: { id, contextId, status } }
      : { statusUpdate: { taskId: id, contextId, status } }
  return { attempt, seq, at, update }
}

/** Accepts a task and lets it end at `at`. */
export async function ended(store: TaskStore, task: TaskRecord, at: number): Promise<void> {
  await store.accept(task, event(task, { seq: 0, at, state: 'TASK_STATE_SUBMITTED' }))
  const last = event(task, { seq: 1, at, state: 'TASK_STATE_COMPLETED' })
  await store.append(task, last, 'flushed')
}

async function numbersOf(store: TaskStore, task: TaskRecord, from?: number): Promise<number[][]> {
  const events = await Array.fromAsync(store.events(task, from))
  return events.map(({ attempt, seq }) => [attempt, seq])
}

export function taskStoreContract({ create }: TaskStoreHarness): void {
  test('finds what was accepted, with its state, and nothing else', async () => {
    const store = await create()
    const task = record(1)
    await store.accept(task, event(task, { seq: 0, state: 'TASK_STATE_SUBMITTED' }))
    await store.append(task, event(task, { seq: 1, at: 7, state: 'TASK_STATE_WORKING' }), 'written')
    expect(await store.find(task)).toMatchObject({
      record: task,
      state: 'TASK_STATE_WORKING',
      updatedAt: 7
    })
    expect(await store.find({ id: task.id, caller: 'another' })).toBeUndefined()
    expect(await store.find({ id: idOf(2), caller: 'caller' })).toBeUndefined()
  })

  test('tells the events in order, from any number on, also when the task has ended', async () => {
    const store = await create()
    const task = record(1)
    await ended(store, task, 5)
    expect(await numbersOf(store, task)).toEqual([
      [1, 0],
      [1, 1]
    ])
    expect(await numbersOf(store, task, 1)).toEqual([[1, 1]])
  })

  test('a new attempt makes the events of the one before forgotten', async () => {
    const store = await create()
    const task = record(1)
    await store.accept(task, event(task, { seq: 0, state: 'TASK_STATE_SUBMITTED' }))
    await store.append(task, event(task, { seq: 1, state: 'TASK_STATE_WORKING' }), 'written')
    const again = event(task, { attempt: 2, seq: 0, state: 'TASK_STATE_SUBMITTED' })
    await store.append(task, again, 'flushed')
    expect(await numbersOf(store, task)).toEqual([[2, 0]])
  })

  describe('lists', () => {
    lists({ create })
  })
  describe('forgets ended tasks', () => {
    forgets({ create })
  })
}

async function filled(create: TaskStoreHarness['create']): Promise<TaskStore> {
  const store = await create()
  for (const number of [1, 2, 3]) await ended(store, record(number), number * 10)
  const open = record(4, { agentId: 'clock' })
  await store.accept(open, event(open, { seq: 0, at: 15, state: 'TASK_STATE_SUBMITTED' }))
  await ended(store, record(5, { caller: 'another', contextId: 'other' }), 25)
  return store
}

function lists({ create }: TaskStoreHarness): void {
  test('the youngest state first, page by page, without gap or repeat', async () => {
    const store = await filled(create)
    const first = await store.list({ limit: 2 })
    const last = first.tasks[1]
    const before = { updatedAt: last?.updatedAt ?? 0, id: last?.record.id ?? '' }
    const second = await store.list({ limit: 9, before })
    const ids = [...first.tasks, ...second.tasks].map((task) => task.record.id)
    expect(ids).toEqual([3, 5, 2, 4, 1].map(idOf))
    expect([first.more, second.more]).toEqual([true, false])
  })

  test.for([
    [{ caller: 'another' }, [5]],
    [{ exceptCaller: 'another' }, [3, 2, 4, 1]],
    [{ contextId: CONTEXT, agentId: 'echo' }, [3, 2, 1]],
    [{ state: 'TASK_STATE_SUBMITTED' }, [4]],
    [{ updatedSince: 20 }, [3, 5, 2]],
    [{ id: idOf(2) }, [2]],
    [{ id: idOf(9) }, []]
  ] as const)('those that a query asks for: %j', async ([query, numbers]) => {
    const store = await filled(create)
    const page = await store.list({ ...query, limit: 10, total: true })
    expect(page.tasks.map((task) => task.record.id)).toEqual(numbers.map(idOf))
    if (!('id' in query)) expect(page.total).toBe(numbers.length)
  })
}

function forgets({ create }: TaskStoreHarness): void {
  test('that ended before a time, and remembers that there were such', async () => {
    const store = await create()
    await ended(store, record(1), 10)
    await ended(store, record(2), 20)
    await store.collect(15)
    expect(await store.find(record(1))).toBe('gone')
    expect(await store.find(record(2))).toMatchObject({ state: 'TASK_STATE_COMPLETED' })
    expect(await numbersOf(store, record(1))).toEqual([])
  })

  test('when there are too many, the oldest first', async () => {
    const store = await create({ maxTasks: 2 })
    for (const number of [1, 2, 3]) await ended(store, record(number), number)
    await store.collect(0)
    expect(await store.find(record(1))).toBe('gone')
    expect((await store.list({ limit: 9 })).tasks).toHaveLength(2)
  })

  test('and at last even that there were such', async () => {
    const store = await create({ maxTasks: 1, maxTombstones: 1 })
    for (const number of [1, 2, 3]) await ended(store, record(number), number)
    await store.collect(0)
    expect(await store.find(record(1))).toBeUndefined()
    expect(await store.find(record(2))).toBe('gone')
  })
}
