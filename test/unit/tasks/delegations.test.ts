/** What this node asked for: acknowledged when it is on disk, and followed to its end by whichever process is there. */
import { expect, onTestFinished, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import type { Fault } from '../../../storage/memory-store.ts'
import {
  begin,
  briefly,
  finish,
  piece,
  position,
  TASK,
  TestCaller
} from '../../support/delegations.ts'
import type { CallerSetup } from '../../support/delegations.ts'

const CUT = new LumosError('SESSION_CLOSED')
const UNKNOWN = new LumosError('TASK_NOT_FOUND')

async function setup(init: CallerSetup = {}): Promise<TestCaller> {
  const caller = new TestCaller(init)
  await caller.delegations.start()
  onTestFinished(async () => {
    await caller.delegations.stop()
    expect(caller.clock.pending).toBe(0)
  })
  return caller
}

/** A disk that finishes its `n`-th write when it is told to. */
function slowDisk(n: number) {
  const gate = Promise.withResolvers<Fault | undefined>()
  const disk = createMemoryStore({ commit: (count) => (count === n ? gate.promise : undefined) })
  return { disk, finishWrite: () => gate.resolve(undefined) }
}

test('tells the whole story, and again to whoever asks later', async () => {
  const story = [
    begin(),
    piece('one ', position(1)),
    piece('two', position(2)),
    finish(position(3))
  ]
  const caller = await setup({ answers: [story] })
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
  const caller = await setup({ disk })
  let acknowledged = false
  const asking = caller.ask().then(() => (acknowledged = true))
  await caller.pass(1000)
  expect(acknowledged).toBe(false)
  finishWrite()
  await asking
})

test('sends nothing that may do harm twice before the choice of the worker is on disk', async () => {
  const { disk, finishWrite } = slowDisk(1)
  const caller = await setup({ disk })
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
  const caller = await setup({ disk, idempotent: true })
  const asking = caller.ask()
  await caller.pass()
  expect(caller.worker.sent).toEqual([TASK])
  finishWrite()
  await asking
})

test('an order that cannot be written is refused, and can be given again', async () => {
  const disk = createMemoryStore({ commit: (n) => (n === 1 ? 'full' : undefined) })
  const caller = await setup({ disk })
  await expect(caller.ask()).rejects.toMatchObject({ code: 'STORE_FULL' })
  await caller.pass()
  expect(await caller.delegations.find(TASK)).toBeUndefined()
  await disk.recover()
  await expect(caller.ask()).resolves.toMatchObject({ id: TASK })
})

test('the same id with another request is a conflict, even while the first is being looked for', async () => {
  const caller = await setup()
  const both = [caller.ask(), caller.ask({ target: 'other' })]
  const [first, second] = await Promise.allSettled(both)
  expect(first).toMatchObject({ status: 'fulfilled' })
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'TASK_CONFLICT' } })
})

test('after a restart it asks the same worker for what it has not heard', async () => {
  const caller = await setup({ answers: [[begin(), piece('one ', position(1))]] })
  await caller.ask()
  await caller.pass()
  const before = await caller.told()
  caller.worker.answers.push([piece('two', position(2)), finish(position(3))])
  await caller.crash()
  expect(caller.worker.resumed).toEqual([position(1)])
  expect(caller.worker.sent).toEqual([TASK])
  const after = await caller.told()
  expect(after.slice(0, before.length)).toEqual(before)
  expect(briefly(after.slice(before.length))).toEqual(['two', 'result'])
  expect((await caller.delegations.find(TASK))?.artifacts).toMatchObject([
    { parts: [{ text: 'one two' }] }
  ])
})

test('after a restart it gives the order to the same worker again when that one has not answered', async () => {
  const caller = await setup({ answers: [[]] })
  await caller.ask()
  await caller.pass()
  caller.worker.answers.push([begin('TASK_STATE_COMPLETED')])
  await caller.crash()
  expect(caller.worker.sent).toEqual([TASK, TASK])
  expect(briefly(await caller.told())).toEqual(['routed', 'accepted', 'result'])
})

test('after a restart it goes on looking for a worker', async () => {
  const caller = await setup()
  caller.worker.searching = true
  await caller.ask()
  caller.worker.searching = false
  caller.worker.nobody = new LumosError('NO_ROUTE', { details: { capability: 'echo' } })
  await caller.crash()
  await caller.pass(10_000)
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_SUBMITTED' })
  caller.worker.nobody = undefined
  caller.worker.answers.push([begin('TASK_STATE_COMPLETED')])
  await caller.pass(2 * LIMITS.retryDelayMost.value)
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_COMPLETED' })
})

test('a worker that took the task and does not know it any more may have done it', async () => {
  const caller = await setup({ answers: [[begin(), CUT], [UNKNOWN]] })
  await caller.ask()
  await caller.pass(LIMITS.retryDelayMost.value)
  expect(await caller.delegations.find(TASK)).toMatchObject({
    state: 'TASK_STATE_FAILED',
    error: { code: 'WORKER_LOST', details: { maybeExecuted: true } }
  })
  expect(caller.worker.sent).toEqual([TASK])
})

test('a deadline runs on while the node is down', async () => {
  const caller = await setup({ answers: [[begin()]] })
  await caller.ask({ timeoutMs: 60_000 })
  await caller.pass()
  await caller.crash(50_000)
  await caller.pass(9_999)
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_WORKING' })
  await caller.pass(1)
  expect(await caller.delegations.find(TASK)).toMatchObject({
    state: 'TASK_STATE_FAILED',
    error: { code: 'TIMED_OUT' }
  })
  expect(caller.worker.cancelled).toEqual([TASK])
})

test('a deadline that passed while the node was down ends the task at the start', async () => {
  const caller = await setup({ answers: [[begin()]] })
  await caller.ask({ timeoutMs: 60_000 })
  await caller.pass()
  await caller.crash(3_600_000)
  expect(await caller.delegations.find(TASK)).toMatchObject({ error: { code: 'TIMED_OUT' } })
})

test('a clock set forwards while the node runs takes nothing from a deadline', async () => {
  const caller = await setup({ answers: [[begin()]] })
  await caller.ask({ timeoutMs: 60_000 })
  await caller.pass(59_000)
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_WORKING' })
})

test('says that contact is lost and that it is back, and goes on where it broke off', async () => {
  const caller = await setup({ answers: [[begin(), piece('one ', position(1)), CUT]] })
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
  const caller = await setup({ answers: [[begin(), CUT]] })
  await caller.ask()
  await caller.pass(LIMITS.retryDelayMost.value)
  expect(briefly(await caller.told()).slice(3)).toEqual(['waiting', 'resumed'])
})

test('waits a day for a worker that went away, and then no longer', async () => {
  const caller = await setup({ answers: [[begin(), CUT]] })
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
  const caller = await setup({ answers: [first, again] })
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

test('a cancel reaches a worker that was away, even after a restart', async () => {
  const caller = await setup({ answers: [[begin(), CUT]] })
  caller.worker.reachable = false
  await caller.ask()
  await caller.pass()
  await caller.delegations.cancel(TASK)
  await caller.crash()
  expect(caller.worker.cancelled).toEqual([])
  caller.worker.answers.push([finish(position(1), 'TASK_STATE_CANCELED')])
  caller.worker.comeBack()
  await caller.pass()
  expect(caller.worker.cancelled).toEqual([TASK])
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_CANCELED' })
})

test('what the disk of the worker cannot keep is the end of the task, not of this process', async () => {
  const damaged = new LumosError('STORE_CORRUPT', { details: { path: 'there', reason: 'planned' } })
  const caller = await setup({ answers: [[begin(), CUT], [damaged]] })
  await caller.ask()
  await caller.pass(LIMITS.retryDelayMost.value)
  expect(await caller.delegations.find(TASK)).toMatchObject({
    state: 'TASK_STATE_FAILED',
    error: { code: 'STORE_CORRUPT' }
  })
})

test('goes on with its tasks when the disk has room again', async () => {
  let full = false
  const disk = createMemoryStore({ commit: () => (full ? 'full' : undefined) })
  const caller = await setup({ disk, answers: [[begin(), piece('one ', position(1)), CUT]] })
  await caller.ask()
  await caller.pass()
  full = true
  caller.worker.answers.push([piece('two', position(2)), finish(position(3))])
  await caller.pass(LIMITS.retryDelayMost.value)
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_WORKING' })
  full = false
  await disk.recover()
  caller.worker.answers.push([piece('two', position(2)), finish(position(3))])
  await caller.pass(120_000)
  expect(await caller.delegations.find(TASK)).toMatchObject({
    state: 'TASK_STATE_COMPLETED',
    artifacts: [{ parts: [{ text: 'one two' }] }]
  })
})

test('asks again under a new id, and forgets, only what has ended', async () => {
  const caller = await setup({ answers: [[begin(), finish(position(1), 'TASK_STATE_FAILED')]] })
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
  const caller = await setup({ answers: [[begin(), piece('one ', position(1))]] })
  await caller.ask()
  await caller.pass()
  const told = await Array.fromAsync(caller.delegations.watch(TASK, { follow: false }))
  expect(briefly(told)).toEqual(['routed', 'accepted', 'TASK_STATE_WORKING', 'one '])
})

/** More writes than the story takes. */
const WRITES = 12

test.for(Array.from({ length: WRITES }, (_, n) => n + 1))(
  'a power failure during write %i takes nothing that was acknowledged or shown',
  async (n) => {
    for (const idempotent of [true, false]) {
      for (let seed = 1; seed <= 4; seed += 1) {
        const { disk, finishWrite } = slowDisk(n)
        const caller = new TestCaller({ disk, idempotent })
        caller.worker.story = [
          begin(),
          piece('one ', position(1)),
          piece('two', position(2)),
          finish(position(3))
        ]
        await caller.delegations.start()
        const asked = { acknowledged: false }
        void caller
          .ask()
          .then(() => (asked.acknowledged = true))
          .catch(() => {})
        await caller.pass()
        const shown = briefly(await caller.told())
        const crashed = caller.crash(1000, seed)
        finishWrite()
        await crashed
        await caller.pass(60_000)
        const found = await caller.delegations.find(TASK)
        expect(asked.acknowledged && found === undefined, `seed ${seed}`).toBe(false)
        const story = briefly(await caller.told())
        if (asked.acknowledged) {
          expect(story.slice(0, shown.length), `seed ${seed}`).toEqual(shown)
        }
        if (found !== undefined) {
          expect(found).toMatchObject({
            state: 'TASK_STATE_COMPLETED',
            artifacts: [{ parts: [{ text: 'one two' }] }]
          })
        }
        await caller.delegations.stop()
      }
    }
  }
)
