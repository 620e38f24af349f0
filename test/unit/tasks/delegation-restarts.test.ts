/** What this node asked for outlives its process, and a disk that is full for a while. */
import { expect, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import {
  begin,
  briefly,
  finish,
  piece,
  position,
  slowDisk,
  startCaller,
  TASK,
  TestCaller
} from '../../support/delegations.ts'

const CUT = new LumosError('SESSION_CLOSED')

test('after a restart it asks the same worker for what it has not heard', async () => {
  const caller = await startCaller({ answers: [[begin(), piece('one ', position(1))]] })
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
  const caller = await startCaller({ answers: [[]] })
  await caller.ask()
  await caller.pass()
  caller.worker.answers.push([begin('TASK_STATE_COMPLETED')])
  await caller.crash()
  expect(caller.worker.sent).toEqual([TASK, TASK])
  expect(briefly(await caller.told())).toEqual(['routed', 'accepted', 'result'])
})

test('after a restart it goes on looking for a worker', async () => {
  const caller = await startCaller()
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

test('a deadline runs on while the node is down', async () => {
  const caller = await startCaller({ answers: [[begin()]] })
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
  const caller = await startCaller({ answers: [[begin()]] })
  await caller.ask({ timeoutMs: 60_000 })
  await caller.pass()
  await caller.crash(3_600_000)
  expect(await caller.delegations.find(TASK)).toMatchObject({ error: { code: 'TIMED_OUT' } })
})

test('a clock set forwards while the node runs takes nothing from a deadline', async () => {
  const caller = await startCaller({ answers: [[begin()]] })
  await caller.ask({ timeoutMs: 60_000 })
  await caller.pass(59_000)
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_WORKING' })
})

test('a cancel reaches a worker that was away, even after a restart', async () => {
  const caller = await startCaller({ answers: [[begin(), CUT]] })
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

test('a cancel that failed is sent again, though the stream goes on', async () => {
  const caller = await startCaller({ answers: [[begin()]] })
  await caller.ask()
  await caller.pass()
  caller.worker.reachable = false
  await caller.delegations.cancel(TASK)
  await caller.pass()
  expect(caller.worker.cancelled).toEqual([])
  caller.worker.reachable = true
  await caller.pass(LIMITS.retryDelayFirst.value)
  expect(caller.worker.cancelled).toEqual([TASK])
})

test('goes on with its tasks when the disk has room again', async () => {
  let full = false
  const disk = createMemoryStore({ commit: () => (full ? 'full' : undefined) })
  const caller = await startCaller({ disk, answers: [[begin(), piece('one ', position(1)), CUT]] })
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

test('an end that could not be kept is heard of again when the disk has room', async () => {
  let full = false
  const disk = createMemoryStore({ commit: () => (full ? 'full' : undefined) })
  const caller = await startCaller({ disk, answers: [[begin(), CUT]] })
  caller.worker.reachable = false
  await caller.ask()
  await caller.pass()
  full = true
  caller.worker.answers.push([finish(position(1))])
  caller.worker.comeBack()
  await caller.pass()
  expect(briefly(await caller.told())).not.toContain('result')
  full = false
  await disk.recover()
  caller.worker.answers.push([finish(position(1))])
  await caller.pass(120_000)
  expect(briefly(await caller.told()).at(-1)).toBe('result')
  await caller.crash()
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_COMPLETED' })
})

test('a worker that does not answer a cancel holds up no stop, and is told by the next process', async () => {
  const caller = await startCaller({ answers: [[begin(), CUT]] })
  caller.worker.reachable = false
  await caller.ask()
  await caller.pass()
  await caller.delegations.cancel(TASK)
  caller.worker.deaf = true
  caller.worker.comeBack()
  await caller.pass()
  await caller.stop()
  caller.worker.deaf = false
  await caller.crash()
  expect(caller.worker.cancelled).toEqual([TASK])
})

test('a caller that was away for days asks what became of its task before it gives it up', async () => {
  const caller = await startCaller({ answers: [[begin()]] })
  await caller.ask()
  await caller.pass()
  caller.worker.answers.push([finish(position(1))])
  await caller.crash(3 * 86_400_000)
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_COMPLETED' })
})

test('and gives it up soon when the worker says nothing', async () => {
  const caller = await startCaller({ answers: [[begin()]] })
  await caller.ask()
  await caller.pass()
  await caller.crash(3 * 86_400_000)
  await caller.pass(LIMITS.searchWindow.value)
  expect(await caller.delegations.find(TASK)).toMatchObject({ error: { code: 'TIMED_OUT' } })
})
