/** What this node asked for: acknowledged when it is on disk, and followed to its end through broken streams. */
import { expect, test, vi } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { createMemoryStore } from '../../../../storage/memory-store.ts'
import {
  begin,
  briefly,
  finish,
  piece,
  position,
  slowDisk,
  startCaller,
  TASK
} from '../../../support/delegations.ts'

const CUT = new LumosError('SESSION_CLOSED')
const UNKNOWN = new LumosError('TASK_NOT_FOUND')

test('tells the whole story, and again to whoever asks later', async () => {
  const story = [
    begin(),
    piece('one ', position(1)),
    piece('two', position(2)),
    finish(position(3))
  ]
  const caller = await startCaller({ answers: [story] })
  await caller.ask()
  const told = await caller.told()
  expect(briefly(told)).toEqual([
    'routed',
    'accepted',
    'TASK_STATE_WORKING',
    'one ',
    'two',
    'result'
  ])
  expect(await caller.told()).toEqual(told)
  await caller.crash()
  expect(await caller.told()).toEqual(told)
  expect(await caller.delegations.find(TASK)).toMatchObject({
    state: 'TASK_STATE_COMPLETED',
    artifacts: [{ parts: [{ text: 'one two' }] }]
  })
})

test('acknowledges an order when it is on disk, and not before', async () => {
  const { disk, finishWrite } = slowDisk(1)
  const caller = await startCaller({ disk })
  let acknowledged = false
  const asking = caller.ask().then(() => (acknowledged = true))
  await caller.pass(1000)
  expect(acknowledged).toBe(false)
  finishWrite()
  await asking
})

test('sends nothing that may do harm twice before the choice of the worker is on disk', async () => {
  const { disk, finishWrite } = slowDisk(1)
  const caller = await startCaller({ disk })
  const asking = caller.ask()
  await caller.pass(1000)
  expect(caller.worker.sent).toEqual([])
  finishWrite()
  await asking
  await caller.pass()
  expect(caller.worker.sent).toEqual([TASK])
})

test('sends what can be repeated without harm while the order is being written', async () => {
  const { disk, finishWrite } = slowDisk(1)
  const caller = await startCaller({ disk, idempotent: true })
  const asking = caller.ask()
  await caller.pass()
  expect(caller.worker.sent).toEqual([TASK])
  finishWrite()
  await asking
})

test('an order that cannot be written is refused, and can be given again', async () => {
  const disk = createMemoryStore({ commit: (n) => (n === 1 ? 'full' : undefined) })
  const caller = await startCaller({ disk })
  await expect(caller.ask()).rejects.toMatchObject({ code: 'STORE_FULL' })
  await caller.pass()
  expect(await caller.delegations.find(TASK)).toBeUndefined()
  await disk.recover()
  await expect(caller.ask()).resolves.toMatchObject({ id: TASK })
})

test('the same id with another request is a conflict, even while the first is being looked for', async () => {
  const caller = await startCaller()
  const both = [caller.ask(), caller.ask({ target: 'other' })]
  const [first, second] = await Promise.allSettled(both)
  expect(first).toMatchObject({ status: 'fulfilled' })
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'TASK_CONFLICT' } })
})

test('an order is looked for on the disk only when its id may have been used', async () => {
  const disk = createMemoryStore()
  const looked: string[] = []
  const watched = {
    ...disk,
    getMany(keys: readonly string[]) {
      looked.push(...keys)
      return disk.getMany(keys)
    }
  }
  const caller = await startCaller({ disk: watched })
  looked.length = 0
  await caller.ask({ isNew: true })
  expect(looked).toEqual([])
  await caller.ask({ taskId: '01900000-0000-7000-8000-000000000009' })
  expect(looked.length).toBeGreaterThan(0)
})

test('a worker that took the task and does not know it any more may have done it', async () => {
  const caller = await startCaller({ answers: [[begin(), CUT], [UNKNOWN]] })
  await caller.ask()
  await caller.pass(LIMITS.retryDelayMost.value)
  expect(await caller.delegations.find(TASK)).toMatchObject({
    state: 'TASK_STATE_FAILED',
    error: { code: 'WORKER_LOST', details: { maybeExecuted: true } }
  })
  expect(caller.worker.sent).toEqual([TASK])
})

test('says that contact is lost and that it is back, and goes on where it broke off', async () => {
  const caller = await startCaller({ answers: [[begin(), piece('one ', position(1)), CUT]] })
  caller.worker.reachable = false
  await caller.ask()
  await caller.pass(60_000)
  expect(briefly(await caller.told()).slice(3)).toEqual(['one ', 'waiting'])
  caller.worker.answers.push([piece('two', position(2)), finish(position(3))])
  caller.worker.comeBack()
  await caller.pass()
  const told = await caller.told()
  expect(briefly(told).slice(4)).toEqual(['waiting', 'resumed', 'two', 'result'])
  expect(told[4]).toMatchObject({ worker: { name: 'birch' }, error: { code: 'SESSION_CLOSED' } })
})

test('says that contact is back although the worker has nothing to tell', async () => {
  const caller = await startCaller({ answers: [[begin(), CUT]] })
  await caller.ask()
  await caller.pass(LIMITS.retryDelayMost.value)
  expect(briefly(await caller.told()).slice(3)).toEqual(['waiting', 'resumed'])
})

test('waits a day for a worker that went away, and then no longer', async () => {
  const caller = await startCaller({ answers: [[begin(), CUT]] })
  caller.worker.reachable = false
  await caller.ask()
  await caller.pass(LIMITS.resumeWindow.value - 1000)
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_WORKING' })
  await caller.pass(60_000)
  expect(await caller.delegations.find(TASK)).toMatchObject({
    state: 'TASK_STATE_FAILED',
    error: { code: 'WORKER_LOST' }
  })
})

test('says which output does not count when the worker begins anew', async () => {
  const first = [begin(), piece('half', position(1)), CUT]
  const again = [
    begin('TASK_STATE_WORKING', position(0, 2)),
    piece('whole', position(1, 2)),
    finish(position(2, 2))
  ]
  const caller = await startCaller({ answers: [first, again] })
  await caller.ask()
  await caller.pass(LIMITS.retryDelayMost.value)
  const told = await caller.told()
  expect(briefly(told).slice(3)).toEqual([
    'half',
    'waiting',
    'resumed',
    'restarted',
    'TASK_STATE_WORKING',
    'whole',
    'result'
  ])
  expect(told.at(-1)).toMatchObject({ artifacts: [{ parts: [{ text: 'whole' }] }] })
})

test('what the disk of the worker cannot keep is the end of the task, not of this process', async () => {
  const damaged = new LumosError('STORE_CORRUPT', { details: { path: 'there', reason: 'planned' } })
  const caller = await startCaller({ answers: [[begin(), CUT], [damaged]] })
  await caller.ask()
  await caller.pass(LIMITS.retryDelayMost.value)
  expect(await caller.delegations.find(TASK)).toMatchObject({
    state: 'TASK_STATE_FAILED',
    error: { code: 'STORE_CORRUPT' }
  })
})

test('asks again under a new id, and forgets, only what has ended', async () => {
  const caller = await startCaller({
    answers: [[begin(), finish(position(1), 'TASK_STATE_FAILED')]]
  })
  await caller.ask({ timeoutMs: 60_000 })
  await caller.pass()
  const again = await caller.delegations.retry(TASK)
  expect(again).toMatchObject({ target: 'echo', message: { parts: [{ text: 'hi' }] } })
  expect(again.id).not.toBe(TASK)
  const { id } = again
  await expect(caller.delegations.retry(id)).rejects.toMatchObject({ code: 'TASK_RUNNING' })
  await expect(caller.delegations.remove(id)).rejects.toMatchObject({ code: 'TASK_RUNNING' })
  await caller.delegations.remove(TASK)
  expect(await caller.delegations.find(TASK)).toBeUndefined()
  await expect(caller.delegations.remove(TASK)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
  expect((await caller.delegations.list({ limit: 10 })).map((view) => view.id)).toEqual([id])
})

test('tells what was so far, without waiting', async () => {
  const caller = await startCaller({ answers: [[begin(), piece('one ', position(1))]] })
  await caller.ask()
  await caller.pass()
  const told = await Array.fromAsync(caller.delegations.watch(TASK, { follow: false }))
  expect(briefly(told)).toEqual(['routed', 'accepted', 'TASK_STATE_WORKING', 'one '])
})

test('hears what is told twice once, and does not go on over a gap', async () => {
  const twice = [begin(), piece('one ', position(1)), piece('one ', position(1)), CUT]
  const gap = [piece('three', position(3))]
  const whole = [piece('one ', position(1)), piece('two', position(2)), finish(position(3))]
  const caller = await startCaller({ answers: [twice, gap, whole] })
  await caller.ask()
  await caller.pass(2 * LIMITS.retryDelayMost.value)
  expect(caller.worker.resumed).toEqual([position(1), position(1)])
  expect(await caller.delegations.find(TASK)).toMatchObject({
    state: 'TASK_STATE_COMPLETED',
    artifacts: [{ parts: [{ text: 'one two' }] }]
  })
})

test('a task without a deadline whose worker says nothing more ends all the same', async () => {
  const caller = await startCaller({ answers: [[begin()]] })
  await caller.ask()
  await caller.pass(LIMITS.taskDuration.value + LIMITS.resumeWindow.value - 1)
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_WORKING' })
  await caller.pass(1)
  expect(await caller.delegations.find(TASK)).toMatchObject({
    state: 'TASK_STATE_FAILED',
    error: { code: 'TIMED_OUT' }
  })
  expect(caller.worker.cancelled).toEqual([TASK])
})

test('a deadline of months needs no timer that ends at once', async () => {
  const caller = await startCaller({ answers: [[begin()]] })
  const after = vi.spyOn(caller.clock, 'after')
  const days = 60 * 86_400_000
  await caller.ask({ timeoutMs: days })
  await caller.pass(days - 1)
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_WORKING' })
  await caller.pass(1)
  expect(await caller.delegations.find(TASK)).toMatchObject({ error: { code: 'TIMED_OUT' } })
  expect(Math.max(...after.mock.calls.map(([ms]) => ms))).toBeLessThan(2 ** 31)
})
