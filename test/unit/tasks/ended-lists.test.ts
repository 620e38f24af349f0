/** What a list of tasks costs whoever is asked: the ended ones are read from disk once, not for each page. */
import { expect, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import { createBatches } from '../../../storage/batches.ts'
import { createGroupCommit } from '../../../storage/group-commit.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import type { FaultPlan, MemoryStore } from '../../../storage/memory-store.ts'
import { openJournalTaskStore } from '../../../tasks/worker/journal-task-store.ts'
import type { OutboxRecord, OutboxStore } from '../../../tasks/caller/outbox-store.ts'
import type { TaskPage, TaskStore } from '../../../tasks/worker/task-store.ts'
import { ended, event, record } from '../../contract/task-store.contract.ts'
import {
  begin,
  finish,
  openOutbox,
  position,
  startCaller,
  TASK
} from '../../support/delegations.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const MANY = 300

/** A disk, and how many entries were read of it one after the other. */
function countingDisk(faults?: FaultPlan) {
  const inner = createMemoryStore(faults)
  let reads = 0
  const disk: MemoryStore = {
    ...inner,
    async *iterate(...asked) {
      for await (const entry of inner.iterate(...asked)) {
        reads += 1
        yield entry
      }
    }
  }
  return { disk, reads: () => reads }
}

function openTasks(store: MemoryStore): Promise<TaskStore> {
  const commit = createGroupCommit({ store })
  const batches = createBatches({
    append: async (_, { sync, operations = [] }) => {
      await commit.append(operations, { sync })
      return 0
    }
  })
  return openJournalTaskStore({ clock: new ManualClock(), store, batches }, { maxTasks: MANY })
}

const numbered = (at: number) => record(at, { contextId: `c${at % 7}` })

async function fillTasks(tasks: TaskStore): Promise<void> {
  for (let at = 1; at <= MANY; at += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await ended(tasks, numbered(at), at)
  }
}

const QUERIES = [
  {},
  { agentId: 'echo' },
  { agentId: 'none' },
  { contextId: 'c3' },
  { state: 'TASK_STATE_FAILED' },
  { updatedSince: 200 },
  { contextId: 'c3', updatedSince: 200, before: { updatedAt: 250, id: record(250).id } }
] as const

test('a member that lists its tasks again and again has the disk read once', async () => {
  const { disk, reads } = countingDisk()
  const tasks = await openTasks(disk)
  await fillTasks(tasks)
  const before = reads()
  for (const query of QUERIES) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await tasks.list({ ...query, caller: 'caller', limit: 10, total: true })
  }
  expect(reads() - before).toBe(MANY)
})

test('what ends, is forgotten or could not be written is listed as if it was read anew', async () => {
  const state = { isFull: false }
  const { disk } = countingDisk({
    commit: () => (state.isFull ? Promise.reject(new LumosError('STORE_FULL')) : undefined)
  })
  const tasks = await openTasks(disk)
  await fillTasks(tasks)
  const ask = { caller: 'caller', limit: 50, total: true }
  expect((await tasks.list(ask)).total).toBe(MANY)
  for (const at of [MANY + 1, MANY + 2, MANY + 3]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await ended(tasks, numbered(at), at)
  }
  await tasks.collect(0)
  const open = numbered(MANY + 4)
  await tasks.accept(open, event(open, { seq: 0, at: 400, state: 'TASK_STATE_SUBMITTED' }))
  state.isFull = true
  const end = event(open, { seq: 1, at: 401, state: 'TASK_STATE_COMPLETED' })
  await expect(tasks.append(open, end, 'flushed')).rejects.toMatchObject({ code: 'STORE_FULL' })
  state.isFull = false
  for (const query of QUERIES) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const now = await tasks.list({ ...ask, ...query })
    // oxlint-disable-next-line no-await-in-loop -- as above
    const anew = await (await openTasks(disk)).list({ ...ask, ...query })
    expect(shown(now)).toEqual(shown(anew))
  }
})

function shown({ tasks, more, total }: TaskPage) {
  return { tasks: tasks.map(({ record: { id }, state }) => [id, state]), more, total }
}

const EDGE = { owner: 'http:a', agent: 'echo', contextId: 'c' }

async function fillOrders(outbox: OutboxStore): Promise<void> {
  for (let at = 1; at <= MANY; at += 1) {
    const { id: taskId, message, contextId } = numbered(at)
    const edge = { ...EDGE, contextId }
    const order: OutboxRecord['order'] = { taskId, target: '@echo', where: 'any', message }
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await outbox.add({ order, payloadHash: 'h', createdAt: 0, edge })
    const end = { state: 'TASK_STATE_COMPLETED', updatedAt: at, tookMs: 1, edge } as const
    // oxlint-disable-next-line no-await-in-loop -- as above
    await outbox.end(taskId, end)
  }
}

test('a caller over HTTP that lists its tasks again and again has the disk read once', async () => {
  const { disk, reads } = countingDisk()
  await fillOrders(await openOutbox(disk))
  const { delegations } = await startCaller({ disk })
  const before = reads()
  const first = await delegations.listEdge({ owner: EDGE.owner, limit: 10 })
  expect(reads() - before).toBeGreaterThanOrEqual(MANY)
  const read = reads()
  // Each task of a page is read by itself, as far as its last event.
  const page = read - before - MANY
  const contextId = 'c3'
  expect(first).toMatchObject({ total: MANY, more: true })
  const own = await delegations.listEdge({ owner: EDGE.owner, limit: 10, contextId })
  expect(own.views).toHaveLength(10)
  expect(own.total).toBe(43)
  expect(reads() - read).toBeLessThanOrEqual(page)
})

test('a task over HTTP is in the list once, from its beginning to the day on which it is removed', async () => {
  const { disk } = countingDisk()
  await fillOrders(await openOutbox(disk))
  const caller = await startCaller({
    disk,
    answers: [[begin(), finish(position(1))]]
  })
  const list = async () => {
    const { views, total } = await caller.delegations.listEdge({ owner: EDGE.owner, limit: 3 })
    return { first: views[0]?.id, state: views[0]?.state, total }
  }
  caller.clock.jump(1000)
  expect((await list()).total).toBe(MANY)
  await caller.ask({ edge: EDGE })
  const seen = new Set<number>()
  for (let turn = 0; turn < 40; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- whatever has been written by then
    seen.add((await list()).total)
    // oxlint-disable-next-line no-await-in-loop -- as above
    await caller.clock.advance(0)
  }
  expect([...seen]).toEqual([MANY + 1])
  expect(await list()).toMatchObject({ first: TASK, state: 'TASK_STATE_COMPLETED' })
  await caller.delegations.remove(TASK)
  expect((await list()).total).toBe(MANY)
})
