/** A worker that may have a task that nobody wants any more is told so, however long it is away. */
import { expect, test } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import {
  begin,
  briefly,
  finish,
  position,
  slowDisk,
  startCaller,
  TASK
} from '../../../support/delegations.ts'
import type { CallerSetup } from '../../../support/delegations.ts'

/** The order has left, nothing was heard, and the link is dead when the user cancels. */
async function cancelInDoubt(init: CallerSetup = {}, timeoutMs?: number) {
  const caller = await startCaller({ answers: [[]], ...init })
  await caller.ask({ ...(timeoutMs !== undefined && { timeoutMs }) })
  await caller.pass()
  caller.worker.reachable = false
  await caller.delegations.cancel(TASK)
  await caller.pass()
  return caller
}

test('the user hears at once that the task is cancelled, the worker when it is back', async () => {
  const caller = await cancelInDoubt()
  expect(briefly(await caller.told())).toEqual(['routed', 'result'])
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_CANCELED' })
  await caller.pass(3_600_000)
  expect(caller.worker.cancelled).toEqual([])
  caller.worker.comeBack()
  await caller.pass()
  expect(caller.worker.cancelled).toEqual([TASK])
})

test('a worker is told once', async () => {
  const caller = await cancelInDoubt()
  caller.worker.comeBack()
  await caller.pass(LIMITS.resumeWindow.value)
  await caller.crash()
  await caller.pass(60_000)
  expect(caller.worker.cancelled).toEqual([TASK])
})

test.for([0, 3_600_000])('the next process tells it after %s ms', async (awayMs) => {
  const caller = await cancelInDoubt()
  await caller.crash(awayMs)
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_CANCELED' })
  caller.worker.comeBack()
  await caller.pass(10_000)
  expect(caller.worker.cancelled).toEqual([TASK])
  expect(caller.worker.sent).toEqual([TASK])
})

test('forgetting a task does not forget that its worker has to be told', async () => {
  const caller = await cancelInDoubt()
  await caller.delegations.remove(TASK)
  await caller.crash()
  caller.worker.comeBack()
  await caller.pass(10_000)
  expect(caller.worker.cancelled).toEqual([TASK])
})

test('after the deadline nobody needs to be told: the worker has ended it by itself', async () => {
  const caller = await cancelInDoubt({}, 60_000)
  await caller.pass(60_000)
  caller.worker.comeBack()
  await caller.pass(10_000)
  await caller.crash()
  await caller.pass(10_000)
  expect(caller.worker.cancelled).toEqual([])
})

test('a worker that does not know the task has been told enough', async () => {
  const caller = await cancelInDoubt()
  caller.worker.refusal = new LumosError('TASK_NOT_FOUND')
  caller.worker.comeBack()
  await caller.pass(60_000)
  await caller.crash()
  caller.worker.refusal = undefined
  await caller.pass(60_000)
  expect(caller.worker.cancelled).toEqual([])
})

test('a worker that cannot answer yet is told again', async () => {
  const caller = await cancelInDoubt()
  caller.worker.refusal = new LumosError('TASK_SUSPENDED')
  caller.worker.comeBack()
  await caller.pass(60_000)
  caller.worker.refusal = undefined
  await caller.pass(10_000)
  expect(caller.worker.cancelled).toEqual([TASK])
})

test('a cancel that outlived its process does not send the order once more', async () => {
  // The order, its worker, the wish to cancel it: the fourth write, its end, is lost with the power.
  const caller = await cancelInDoubt({ disk: slowDisk(4).disk })
  await caller.crash()
  caller.worker.comeBack()
  await caller.pass(10_000)
  expect(caller.worker.sent).toEqual([TASK])
  expect(caller.worker.cancelled).toEqual([TASK])
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_CANCELED' })
})

test('a task that ended at its worker leaves nobody to be told', async () => {
  const caller = await startCaller({ answers: [[begin('TASK_STATE_COMPLETED')]] })
  await caller.ask()
  await caller.pass(60_000)
  await caller.crash()
  await caller.pass(60_000)
  expect(caller.worker.cancelled).toEqual([])
})

test('what a run asked for is cancelled by the next process: that run is over', async () => {
  const caller = await startCaller({ answers: [[begin()]] })
  await caller.ask({ parent: '01890a5d-ac96-774b-bcce-000000000000' })
  await caller.pass()
  caller.worker.story = [begin(), finish(position(1), 'TASK_STATE_CANCELED')]
  await caller.crash()
  expect(caller.worker.cancelled).toEqual([TASK])
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_CANCELED' })
})

test('what a run asked for and nobody had accepted is not sent by the next process', async () => {
  const caller = await startCaller({ answers: [[]] })
  await caller.ask({ parent: '01890a5d-ac96-774b-bcce-000000000000' })
  await caller.pass()
  await caller.crash()
  expect(caller.worker.sent).toEqual([TASK])
  expect(caller.worker.cancelled).toEqual([TASK])
})
