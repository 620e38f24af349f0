/** What one question of A2A costs the node that answers it. */
import { expect, test } from 'vitest'
import type { Task } from '../../../../core/a2a.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { createTaskService } from '../../../../tasks/worker/service.ts'
import type { TaskServiceComponents } from '../../../../tasks/worker/service.ts'

const ASKED = { caller: 'peer', signal: new AbortController().signal }

function snapshot(bytes: number): Partial<Task> {
  return { history: [{ messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'x'.repeat(bytes) }] }] }
}

/** Ended tasks of so many bytes each, and which of them were opened. */
function serve(sizes: readonly number[]) {
  const opened: string[] = []
  const tasks = sizes.map((_, index) => ({ record: { id: `t${index}` }, updatedAt: 1000 - index }))
  const engine = {
    list: async () => ({ tasks, more: false, total: tasks.length }),
    async open({ id }: { readonly id: string }) {
      opened.push(id)
      return { view: { snapshot: () => snapshot(sizes[Number(id.slice(1))] ?? 0) } }
    }
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as much of an engine as a list needs
  const components = { engine, extendedCard: () => undefined } as unknown as TaskServiceComponents
  return { opened, service: createTaskService(components) }
}

test('a page of large tasks ends early, and the next one goes on', async () => {
  const { opened, service } = serve(
    Array.from({ length: 100 }, () => LIMITS.taskPageBytes.value / 4)
  )
  const page = await service.listTasks({ pageSize: 100 }, ASKED)
  expect(opened).toEqual(['t0', 't1', 't2', 't3'])
  expect(page.tasks).toHaveLength(4)
  expect(page.nextPageToken).toContain('.t3')
  expect(page.totalSize).toBe(100)
})

test('one that is larger than a page is told alone', async () => {
  const { service } = serve([2 * LIMITS.taskPageBytes.value, 1])
  const page = await service.listTasks({}, ASKED)
  expect(page.tasks).toHaveLength(1)
  expect(page.nextPageToken).not.toBe('')
})

test('the last page is the last', async () => {
  const { service } = serve([1, 1])
  const page = await service.listTasks({}, ASKED)
  expect(page.tasks).toHaveLength(2)
  expect(page.nextPageToken).toBe('')
})
