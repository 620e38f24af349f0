/** Orders that somebody at the edge gives under a key of his own: the same key is the same task, for good. */
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { uuidOf } from '../../../../tasks/edge/scope.ts'
import { createMemoryStore } from '../../../../storage/memory-store.ts'
import { begin, finish, position, slowDisk, startCaller } from '../../../support/delegations.ts'
import type { CallerSetup, TestCaller } from '../../../support/delegations.ts'

const STORY = [begin(), finish(position(1))]

async function ask({ delegations }: TestCaller, name = 'one', text = 'hi'): Promise<string> {
  const { id } = await delegations.delegate({
    target: '@echo',
    message: { messageId: name, role: 'ROLE_USER', parts: [{ text }] },
    edge: { owner: 'http:a', agent: 'echo', contextId: 'c', key: uuidOf(name) }
  })
  return id
}

/** One whose tasks end as soon as they begin. */
function setup(more: CallerSetup = {}): Promise<TestCaller> {
  return startCaller({ answers: [STORY, STORY, STORY], ...more })
}

test('two that come at once are one task, and another key is another', async () => {
  const caller = await setup()
  const [one, again, other] = await Promise.all([ask(caller), ask(caller), ask(caller, 'two')])
  expect(again).toBe(one)
  expect(other).not.toBe(one)
  expect(caller.worker.sent.toSorted()).toEqual([one, other].toSorted())
})

test('is found while it runs, when it has ended, and after the power failed in either', async () => {
  const caller = await startCaller({ answers: [[begin()]] })
  const id = await ask(caller)
  expect(await ask(caller)).toBe(id)
  await caller.crash()
  expect(await ask(caller)).toBe(id)
  await caller.delegations.cancel(id)
  caller.worker.answers.push([finish(position(1), 'TASK_STATE_CANCELED')])
  await caller.pass(LIMITS.resumeWindow.value)
  expect(await caller.delegations.find(id)).toMatchObject({ tookMs: expect.any(Number) })
  expect(await ask(caller)).toBe(id)
  await caller.crash()
  expect(await ask(caller)).toBe(id)
  expect(new Set(caller.worker.sent)).toEqual(new Set([id]))
})

test('the same key with another content is a conflict, also after the end', async () => {
  const caller = await setup()
  await ask(caller)
  await caller.pass()
  await expect(ask(caller, 'one', 'something else')).rejects.toMatchObject({
    code: 'TASK_CONFLICT'
  })
  await caller.crash()
  await expect(ask(caller, 'one', 'something else')).rejects.toMatchObject({
    code: 'TASK_CONFLICT'
  })
})

test('once it is forgotten, the same key is a new task, and nothing is left of the old one', async () => {
  const caller = await setup()
  const id = await ask(caller)
  await caller.pass()
  await caller.delegations.remove(id)
  const next = await ask(caller)
  expect(next).not.toBe(id)
  await caller.pass()
  await caller.delegations.remove(next)
  const left = await Array.fromAsync(caller.disk.iterate({}), ([name]) => name)
  const isOfIt = (name: string) => [id, next, uuidOf('one')].some((part) => name.includes(part))
  expect(left.filter(isOfIt)).toEqual([])
})

test('an order that the disk refused was none: the same key begins one', async () => {
  const disk = createMemoryStore({ commit: (n) => (n === 1 ? 'failed' : undefined) })
  const caller = await setup({ disk })
  await expect(ask(caller)).rejects.toMatchObject({ code: 'STORE_FAILED' })
  await disk.recover()
  const id = await ask(caller)
  expect(await ask(caller)).toBe(id)
})

test('who repeats a request that is on its way to the disk is answered no sooner than the first', async () => {
  const { disk, finishWrite } = slowDisk(1)
  const caller = await setup({ disk })
  const answered: string[] = []
  const asking = [ask(caller), ask(caller)].map(async (one) => answered.push(await one))
  await caller.pass(100)
  expect(answered).toEqual([])
  finishWrite()
  await Promise.all(asking)
  expect(new Set(answered).size).toBe(1)
})
