/** What this node is asked by a worker is answered once, through restarts of both. */
import { expect, test, vi } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import {
  ask,
  begin,
  briefly,
  finish,
  position,
  startCaller,
  TASK,
  type CallerSetup,
  type TestCaller
} from '../../support/delegations.ts'
import { textOfMessage } from '../../support/dialogue.ts'
import { say } from '../../support/tasks.ts'

const CUT = new LumosError('SESSION_CLOSED')
const ASKED = [begin(), ask('where to?', position(1))]
/** The worker takes up the answer, as a subscriber behind the question hears it. */
const TAKEN = finish(position(2), 'TASK_STATE_SUBMITTED')

/** One that was asked, and listens for what comes. */
async function askedCaller(init: CallerSetup = {}): Promise<TestCaller> {
  const caller = await startCaller({ answers: [ASKED, []], ...init })
  await caller.ask()
  await caller.pass()
  return caller
}

test('a question is told, and the worker listened to', async () => {
  const caller = await askedCaller()
  expect(briefly(await caller.told())).toEqual([
    'routed',
    'accepted',
    'TASK_STATE_WORKING',
    'input-required'
  ])
  expect(await caller.delegations.find(TASK)).toMatchObject({
    state: 'TASK_STATE_INPUT_REQUIRED',
    question: { text: 'where to?', auth: false }
  })
  expect(caller.worker.resumed).toEqual([position(1)])
})

test('an answer is sent at once, and what follows it is told', async () => {
  const caller = await askedCaller()
  caller.worker.answers.push([TAKEN, ask('may I pay?', position(3), true)])
  await caller.delegations.answer(TASK, say('Rome'))
  await caller.pass()
  expect(caller.worker.heard).toEqual(['Rome'])
  expect(await caller.delegations.find(TASK)).toMatchObject({
    question: { text: 'may I pay?', auth: true }
  })
  caller.worker.answers.push([finish(position(4))])
  await caller.delegations.answer(TASK, say('yes'))
  await caller.pass()
  expect(caller.worker.heard).toEqual(['Rome', 'yes'])
  expect(briefly(await caller.told()).slice(3)).toEqual([
    'input-required',
    'answered',
    'TASK_STATE_SUBMITTED',
    'input-required',
    'answered',
    'result'
  ])
})

test('an answer is acknowledged when it is on disk, and not sent before', async () => {
  const gate = Promise.withResolvers<undefined>()
  let slow = false
  const disk = createMemoryStore({ commit: () => (slow ? gate.promise : undefined) })
  const caller = await askedCaller({ disk })
  slow = true
  const acknowledged = vi.fn()
  const answered = caller.delegations.answer(TASK, say('Rome')).then(acknowledged)
  await caller.pass()
  expect(acknowledged).not.toHaveBeenCalled()
  expect(caller.worker.heard).toEqual([])
  gate.resolve(undefined)
  await answered
  await caller.pass()
  expect(caller.worker.heard).toEqual(['Rome'])
})

test('an answer that the disk does not take is not acknowledged', async () => {
  let full = false
  const disk = createMemoryStore({ commit: () => (full ? 'full' : undefined) })
  const caller = await askedCaller({ disk })
  full = true
  await expect(caller.delegations.answer(TASK, say('Rome'))).rejects.toMatchObject({
    code: 'STORE_FULL'
  })
  expect(caller.worker.heard).toEqual([])
})

test('an answer is sent again until the worker has taken it up', async () => {
  const caller = await askedCaller()
  caller.worker.answers.push([CUT], [CUT], [TAKEN, finish(position(3))])
  await caller.delegations.answer(TASK, say('Rome'))
  await caller.pass(60_000)
  expect(caller.worker.heard).toEqual(['Rome', 'Rome', 'Rome'])
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_COMPLETED' })
})

test('an answer to a worker that is away is sent when it is back', async () => {
  const caller = await startCaller({ answers: [[...ASKED, CUT]] })
  caller.worker.reachable = false
  await caller.ask()
  await caller.pass()
  await caller.delegations.answer(TASK, say('Rome'))
  await caller.pass()
  expect(caller.worker.heard).toEqual([])
  caller.worker.answers.push([TAKEN, finish(position(3))])
  caller.worker.comeBack()
  await caller.pass(10_000)
  expect(caller.worker.heard).toEqual(['Rome'])
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_COMPLETED' })
})

test('after a restart the question still stands, and can be answered', async () => {
  const caller = await askedCaller()
  caller.worker.answers.push([])
  await caller.crash()
  expect(await caller.delegations.find(TASK)).toMatchObject({
    state: 'TASK_STATE_INPUT_REQUIRED',
    question: { text: 'where to?' }
  })
  caller.worker.answers.push([TAKEN, finish(position(3))])
  await caller.delegations.answer(TASK, say('Rome'))
  await caller.pass()
  expect(caller.worker.heard).toEqual(['Rome'])
})

test('an answer that was acknowledged is sent by the next process', async () => {
  const caller = await askedCaller()
  caller.worker.reachable = false
  await caller.delegations.answer(TASK, say('Rome'))
  await caller.crash()
  expect(caller.worker.heard).toEqual([])
  caller.worker.answers.push([TAKEN, finish(position(3))])
  caller.worker.comeBack()
  await caller.pass(10_000)
  expect(caller.worker.heard).toEqual(['Rome'])
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_COMPLETED' })
})

test('an answer that the worker has is not sent by the next process', async () => {
  const caller = await askedCaller()
  caller.worker.answers.push([TAKEN], [])
  await caller.delegations.answer(TASK, say('Rome'))
  await caller.pass()
  // A write that is not asked to survive the power may be lost with it.
  await caller.delegations.stop()
  await caller.delegations.start()
  await caller.pass()
  expect(caller.worker.heard).toEqual(['Rome'])
})

test('the same answer again is the same, also when the task has ended; another one is none', async () => {
  const caller = await askedCaller()
  caller.worker.answers.push([TAKEN, finish(position(3))])
  await Promise.all([
    caller.delegations.answer(TASK, say('Rome')),
    caller.delegations.answer(TASK, say('Rome'))
  ])
  await expect(
    caller.delegations.answer(TASK, say('Oslo', { messageId: 'm-Rome' }))
  ).rejects.toMatchObject({ code: 'TASK_CONFLICT' })
  await expect(caller.delegations.answer(TASK, say('Oslo'))).rejects.toMatchObject({
    code: 'TASK_NOT_WAITING'
  })
  await caller.pass()
  await caller.delegations.answer(TASK, say('Rome'))
  await caller.crash()
  const view = await caller.delegations.answer(TASK, say('Rome'))
  expect(view.history.map(textOfMessage)).toEqual(['hi', 'where to?', 'Rome'])
  await expect(caller.delegations.answer(TASK, say('Oslo'))).rejects.toMatchObject({
    code: 'TASK_NOT_WAITING'
  })
  expect(caller.worker.heard).toEqual(['Rome'])
})

test('a task that does not ask takes no answer', async () => {
  const caller = await startCaller({ answers: [[begin()]] })
  await caller.ask()
  await caller.pass()
  await expect(caller.delegations.answer(TASK, say('Rome'))).rejects.toMatchObject({
    code: 'TASK_NOT_WAITING'
  })
  await expect(
    caller.delegations.answer('01890a5d-ac96-774b-bcce-b302099a8058', say('Rome'))
  ).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
})

test('a worker that waits no more is asked what has become of the task', async () => {
  const caller = await askedCaller()
  const refused = new LumosError('UNSUPPORTED_OPERATION', { details: { operation: 'messages' } })
  caller.worker.answers.push([refused], [finish(position(2), 'TASK_STATE_CANCELED')])
  await caller.delegations.answer(TASK, say('Rome'))
  await caller.pass(10_000)
  expect(caller.worker.heard).toEqual(['Rome'])
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_CANCELED' })
})

test('a task that asks can be cancelled', async () => {
  const caller = await askedCaller()
  await caller.delegations.cancel(TASK)
  await caller.pass()
  expect(caller.worker.cancelled).toEqual([TASK])
})

test('a task that asks has no longer than its deadline', async () => {
  const caller = await startCaller({ answers: [ASKED, []] })
  await caller.ask({ timeoutMs: 60_000 })
  await caller.pass(60_000)
  expect(await caller.delegations.find(TASK)).toMatchObject({
    state: 'TASK_STATE_FAILED',
    error: { code: 'TIMED_OUT' },
    question: undefined
  })
  expect(caller.worker.cancelled).toEqual([TASK])
})
