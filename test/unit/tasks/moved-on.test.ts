/** A task that moved on to another worker in doubt: whoever may have it all the same is told when it has ended. */
import { expect, onTestFinished, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import { createIdSource } from '../../../core/ids.ts'
import { silentLogger } from '../../../core/logger.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import { createDelegations } from '../../../tasks/caller/delegations.ts'
import type { Placement } from '../../../tasks/caller/dispatcher.ts'
import {
  begin,
  briefly,
  finish,
  openOutbox,
  position,
  startCaller,
  TASK
} from '../../support/delegations.ts'
import type { Answer } from '../../support/delegations.ts'
import { seededRandom } from '../../support/random.ts'
import { ACCEPT, provider, setupRouting } from '../../support/routing.ts'
import { say } from '../../support/tasks.ts'

/** Alder was asked first and fell silent, aspen refused, birch took it. */
async function moveOn(...answers: Answer[]) {
  const caller = await startCaller({ idempotent: true, answers })
  caller.worker.before = [
    { placement: placementOf('alder'), maybeTaken: true },
    { placement: placementOf('aspen'), maybeTaken: false }
  ]
  await caller.ask({ timeoutMs: 3_600_000 })
  await caller.pass()
  return caller
}

test.for([
  ['completes', [begin(), finish(position(1))]],
  ['fails', [begin(), finish(position(1), 'TASK_STATE_FAILED')]],
  ['is lost', [begin(), new LumosError('SESSION_CLOSED')]]
] as const)(
  'a task that moved on is recalled from who may have it, when it %s',
  async ([, answer]) => {
    const caller = await moveOn(answer, [new LumosError('TASK_GONE')])
    await caller.pass(10_000)
    expect(caller.worker.recalled).toEqual(['alder'])
    expect(caller.worker.cancelled).toEqual([])
  }
)

test('a task that moved on is recalled from all who may have it at its deadline', async () => {
  const caller = await moveOn([])
  expect(caller.worker.recalled).toEqual([])
  await caller.pass(3_600_000)
  expect([caller.worker.recalled, caller.worker.cancelled]).toEqual([['alder'], [TASK]])
})

test('a task that moved on is recalled from all who may have it when nobody wants it any more', async () => {
  const caller = await moveOn([])
  await caller.delegations.cancel(TASK)
  await caller.pass()
  expect([caller.worker.recalled, caller.worker.cancelled]).toEqual([['alder'], [TASK]])
})

test('a task that moved on is recalled by the process after the one that it began in', async () => {
  const caller = await moveOn([begin()], [finish(position(1))])
  await caller.crash()
  await caller.pass()
  expect(caller.worker.recalled).toEqual(['alder'])
})

test('a task that moved on is recalled by the process after the one that it ended in, and not by a third one', async () => {
  const caller = await moveOn([])
  caller.worker.reachable = false
  await caller.delegations.cancel(TASK)
  await caller.pass()
  await caller.crash()
  expect(caller.worker.recalled).toEqual([])
  caller.worker.comeBack()
  await caller.pass(10_000)
  await caller.crash()
  await caller.pass(10_000)
  expect([caller.worker.recalled, caller.worker.cancelled]).toEqual([['alder'], [TASK]])
})

test('a task whose worker refused it before the power failed is looked for anew', async () => {
  const caller = await startCaller({ idempotent: true })
  caller.worker.before = [{ placement: placementOf('aspen'), maybeTaken: false }]
  caller.worker.searching = 'between'
  await caller.ask()
  await caller.pass()
  caller.worker.before = []
  caller.worker.searching = false
  caller.worker.answers.push([begin(), finish(position(1))])
  await caller.crash()
  expect(briefly(await caller.told()).slice(0, 3)).toEqual(['routed', 'retry', 'routed'])
  expect(caller.worker.sent).toEqual([TASK])
})

test('a task that moved on is not recalled from one that took it when it was asked again', async () => {
  const caller = await startCaller({
    idempotent: true,
    answers: [[begin(), finish(position(1))]]
  })
  caller.worker.before = [
    { placement: caller.worker.placement, maybeTaken: true },
    { placement: placementOf('aspen'), maybeTaken: false }
  ]
  await caller.ask()
  await caller.pass(10_000)
  expect([caller.worker.recalled, caller.worker.cancelled]).toEqual([[], []])
})

test('a task that could do harm waits for the worker that may have it, however long one is looked for', async () => {
  const details = { tried: 1, attempts: 3, maybeExecuted: true, onlyPeer: 'birch' }
  const nobody = new LumosError('DELEGATION_FAILED', { details })
  const caller = await startCaller({ answers: [[nobody], [begin('TASK_STATE_COMPLETED')]] })
  await caller.ask({ patient: true })
  await caller.pass(10_000)
  expect(briefly(await caller.told())).toEqual([
    'routed',
    'waiting',
    'resumed',
    'accepted',
    'result'
  ])
})

test('a task that could do harm goes to nobody else while its worker may have it, whoever turns up', async () => {
  const providers = [provider('a')]
  const { router, asked, clock } = setupRouting({
    providers,
    answers: { a: lateAnswer, b: ACCEPT }
  })
  const random = seededRandom(1)
  const ids = createIdSource(clock, random)
  const disk = createMemoryStore()
  const delegations = createDelegations({
    clock,
    random,
    logger: silentLogger,
    dispatcher: router,
    ids,
    openStore: () => openOutbox(disk)
  })
  await delegations.start()
  onTestFinished(() => delegations.stop())
  await delegations.delegate({ taskId: TASK, target: 'echo', message: say('hi'), patient: true })
  providers.push(provider('b', { load: 0 }))
  providers.shift()
  for (let second = 0; second < 60; second += 1) await clock.advance(1000)
  expect(asked).toEqual(['a', 'a', 'a', 'a', 'a'])
  expect(await delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_COMPLETED' })
})

function placementOf(name: string): Placement {
  return { worker: { id: name, name }, agentId: 'echo', path: 'direct', idempotent: true }
}

/** Vanishes four times, and has taken the task all the same. */
function lateAnswer(n: number) {
  return n < 4 ? new LumosError('SESSION_CLOSED') : ACCEPT(n)
}

test('a task that could do harm is looked for elsewhere once its worker says that it is too busy', async () => {
  const details = { tried: 1, attempts: 3, maybeExecuted: true, onlyPeer: 'birch' }
  const nobody = new LumosError('DELEGATION_FAILED', { details })
  const busy = new LumosError('OVERLOADED', { details: { retryAfterMs: 1 } })
  const caller = await startCaller({ answers: [[nobody], [busy], [begin('TASK_STATE_COMPLETED')]] })
  await caller.ask({ patient: true })
  await caller.pass(10_000)
  expect(briefly(await caller.told())).toEqual([
    'routed',
    'waiting',
    'retry',
    'routed',
    'accepted',
    'result'
  ])
})
