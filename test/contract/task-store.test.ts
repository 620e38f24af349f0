/** Holds the task stores to their contract, and the durable one to what only it promises. */
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createBatches } from '../../storage/batches.ts'
import { createGroupCommit } from '../../storage/group-commit.ts'
import { openLevelStore } from '../../storage/level-store.ts'
import { createMemoryStore } from '../../storage/memory-store.ts'
import type { Store } from '../../storage/store.ts'
import { openJournalTaskStore } from '../../tasks/worker/journal-task-store.ts'
import { createMemoryTaskStore } from '../../tasks/worker/memory-task-store.ts'
import type { TaskStore } from '../../tasks/worker/task-store.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { seededRandom } from '../support/random.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { ended, event, record, taskStoreContract } from './task-store.contract.ts'
import type { TaskStoreLimits } from './task-store.contract.ts'

function openOn(store: Store, limits: TaskStoreLimits = {}): Promise<TaskStore> {
  const commit = createGroupCommit({ store })
  const batches = createBatches({
    append: async (_, { sync, operations = [] }) => {
      await commit.append(operations, { sync })
      return 0
    }
  })
  return openJournalTaskStore({ clock: new ManualClock(), store, batches }, limits)
}

describe('tasks in memory', () => {
  taskStoreContract({ create: async (limits) => createMemoryTaskStore(limits) })
})

describe('tasks in a database in memory', () => {
  taskStoreContract({ create: (limits) => openOn(createMemoryStore(), limits) })
})

describe('tasks in LevelDB', () => {
  taskStoreContract({
    async create(limits) {
      const store = await openLevelStore(join(await temporaryDirectory(), 'db'), { create: true })
      onTestFinished(() => store.close())
      return openOn(store, limits)
    }
  })
})

describe('the next process', () => {
  test('finds what had not ended, at its last state', async () => {
    const store = createMemoryStore()
    const tasks = await openOn(store)
    const open = record(1)
    await tasks.accept(open, event(open, { seq: 0, state: 'TASK_STATE_SUBMITTED' }))
    await tasks.append(open, event(open, { seq: 1, at: 3, state: 'TASK_STATE_WORKING' }), 'flushed')
    await ended(tasks, record(2), 5)
    const next = await openOn(store.crash(seededRandom(1)))
    expect(await next.unfinished()).toMatchObject([{ record: open, state: 'TASK_STATE_WORKING' }])
    expect(await next.find(record(2))).toMatchObject({ state: 'TASK_STATE_COMPLETED' })
  })

  test('does not find again a task whose second attempt ended at once', async () => {
    const store = createMemoryStore()
    const tasks = await openOn(store)
    const task = record(1)
    await tasks.accept(task, event(task, { seq: 0, state: 'TASK_STATE_SUBMITTED' }))
    const again = event(task, { attempt: 2, seq: 0, state: 'TASK_STATE_SUBMITTED' })
    const failed = event(task, { attempt: 2, seq: 1, state: 'TASK_STATE_FAILED' })
    await Promise.all([tasks.append(task, again, 'flushed'), tasks.append(task, failed, 'flushed')])
    const next = await openOn(store.crash(seededRandom(1)))
    expect(await next.unfinished()).toEqual([])
    expect(await next.find(task)).toMatchObject({ state: 'TASK_STATE_FAILED' })
  })

  test('remembers which ids are gone', async () => {
    const store = createMemoryStore()
    const tasks = await openOn(store)
    await ended(tasks, record(1), 1)
    await tasks.collect(10)
    expect(await (await openOn(store)).find(record(1))).toBe('gone')
  })
})
