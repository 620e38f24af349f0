/** What a restart, a power failure or a full disk does to push notifications: nothing is lost, little told twice. */
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import { fails, hangs, HOOK, OTHER_HOOK, PushWorld, settle } from '../../support/pushes.ts'
import { taskRecord, WHOLE_TASK } from '../../support/pushes.ts'

const task = taskRecord()

/** The receiver's answer never reaches the process: it dies first. */
function diesAfter(count: number, died: () => void) {
  let taken = 0
  return (_: unknown, signal: AbortSignal) => {
    taken += 1
    if (taken <= count) return { kind: 'delivered' } as const
    died()
    return hangs({ url: '', body: '', headers: {}, credentials: {} }, signal)
  }
}

test.for([0, 1, 2, 3])(
  'a power failure after %i notifications repeats the one on its way, and no other',
  async (count) => {
    const world = await PushWorld.start()
    const died = Promise.withResolvers<void>()
    world.receivers.answers.set(HOOK, diesAfter(count, died.resolve))
    await world.accept(task)
    await world.subscribe(task, {}, true)
    await world.status(task, 'TASK_STATE_WORKING')
    await world.text(task, 'one ', 'first')
    await world.text(task, 'two', 'last')
    await world.status(task, 'TASK_STATE_COMPLETED')
    await died.promise
    world.receivers.answers.delete(HOOK)
    const next = await world.crash(count)
    onTestFinished(() => next.push.stop())
    await settle()
    expect(next.receivers.told()).toEqual(WHOLE_TASK.toSpliced(count, 0, WHOLE_TASK[count] ?? ''))
    expect((await next.push.list(task)).configs).toEqual([])
  }
)

test('whenever the power fails, every receiver hears all in order, each repeat at a failure only', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }),
      fc.nat(),
      async (turns, seed) => {
        let world = await PushWorld.start()
        await world.accept(task)
        await world.status(task, 'TASK_STATE_WORKING')
        await world.text(task, 'one ', 'first')
        await world.text(task, 'two', 'last')
        await world.status(task, 'TASK_STATE_COMPLETED')
        await world.subscribe(task, {}, true)
        await world.subscribe(task, { url: OTHER_HOOK }, true)
        for (const [index, count] of turns.entries()) {
          for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate)
          world = await world.crash(seed + index)
        }
        await settle()
        await world.push.stop()
        for (const url of [HOOK, OTHER_HOOK]) {
          const told = world.receivers.told(url)
          expect(told.filter((one, index) => one !== told[index - 1])).toEqual(WHOLE_TASK)
          expect(told.length).toBeLessThanOrEqual(WHOLE_TASK.length + turns.length)
        }
      }
    ),
    { numRuns: 150 }
  )
})

test('a config that was acknowledged survives, with its secrets and its place', async () => {
  const world = await PushWorld.start()
  await world.accept(task)
  const authentication = { scheme: 'Basic', credentials: 'abc' }
  const config = await world.subscribe(task, { id: 'a/b', token: 'tok', authentication })
  const next = await world.crash(1)
  onTestFinished(() => next.push.stop())
  expect(await next.push.get(task, 'a/b')).toEqual(config)
  await next.status(task, 'TASK_STATE_WORKING')
  await settle()
  expect(next.receivers.told()).toEqual(['1.1 working'])
  expect(next.receivers.taken[0]?.request.credentials).toEqual({
    Authorization: 'Basic abc',
    'X-A2A-Notification-Token': 'tok'
  })
})

test('a new attempt that got as far as the one before is told from its Task on', async () => {
  const world = await PushWorld.start()
  await world.accept(task)
  await world.subscribe(task, {}, true)
  await world.status(task, 'TASK_STATE_WORKING')
  await settle()
  await world.push.stop()
  await world.accept(task, 2)
  await world.status(task, 'TASK_STATE_WORKING')
  await world.status(task, 'TASK_STATE_COMPLETED')
  await world.push.start()
  onTestFinished(() => world.push.stop())
  await settle()
  const second = ['2.0 task submitted', '2.1 working', '2.2 completed']
  expect(world.receivers.told()).toEqual([...WHOLE_TASK.slice(0, 2), ...second])
})

test('a restart does not give a failing receiver another day', async () => {
  let world = await PushWorld.start()
  world.receivers.answers.set(HOOK, fails())
  await world.accept(task)
  await world.subscribe(task, {}, true)
  for (let half = 0; half < 2; half += 1) {
    await settle()
    await world.clock.advance(LIMITS.pushGiveUp.value / 2 - 1)
    // Something else brings the note to the disk.
    await world.subscribe(task, { url: OTHER_HOOK }, true)
    await settle()
    world = await world.crash(half)
  }
  await settle()
  await world.clock.advance(LIMITS.pushRetryMost.value)
  await settle()
  onTestFinished(() => world.push.stop())
  const { configs } = await world.push.list(task)
  expect(configs.map(({ url }) => url)).toEqual([OTHER_HOOK])
})

test('a disk that is full stops notifications after one, until it has room again', async () => {
  let full = false
  const disk = createMemoryStore({ commit: () => (full ? 'full' : undefined) })
  const world = await PushWorld.start(disk)
  onTestFinished(() => world.push.stop())
  await world.accept(task)
  await world.status(task, 'TASK_STATE_WORKING')
  const gate = Promise.withResolvers<{ kind: 'delivered' }>()
  world.receivers.answers.set(HOOK, () => gate.promise)
  await world.subscribe(task, {}, true)
  await settle()
  full = true
  gate.resolve({ kind: 'delivered' })
  await settle()
  await world.clock.advance(3_600_000)
  expect(world.receivers.told()).toEqual(['1.0 task submitted'])
  full = false
  await disk.recover()
  await world.clock.advance(LIMITS.pushRetryMost.value)
  await settle()
  expect(world.receivers.told()).toEqual(['1.0 task submitted', '1.1 working'])
})

test('a config whose task is forgotten is forgotten with it', async () => {
  const world = await PushWorld.start()
  world.receivers.answers.set(HOOK, fails())
  await world.runAll(task)
  await world.subscribe(task)
  await settle()
  await world.tasks.collect(world.clock.now() + 1)
  await world.clock.advance(LIMITS.pushRetryFirst.value)
  await settle()
  onTestFinished(() => world.push.stop())
  expect((await world.push.list(task)).configs).toEqual([])
  const left = await Array.fromAsync(world.disk.iterate({ gte: 'push/', lt: 'push0' }))
  expect(left).toEqual([])
})
