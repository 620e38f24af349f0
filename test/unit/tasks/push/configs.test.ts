/** Which push notification configs are taken, how many, and what becomes of them when they change. */
import { expect, onTestFinished, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { createBatches } from '../../../../storage/batches.ts'
import { createMemoryStore } from '../../../../storage/memory-store.ts'
import { openPushConfigs } from '../../../../tasks/push/configs.ts'
import { HOOK, hangs, OTHER_HOOK, PushWorld, settle, taskRecord } from '../../../support/pushes.ts'

const task = taskRecord()
const CONFIG = { id: 'a', taskId: task.id, url: HOOK }

async function openConfigs() {
  const store = createMemoryStore()
  const batches = createBatches({
    append: async (_, { sync, operations = [] }) => {
      await store.commit(operations, { sync })
      return 0
    }
  })
  const reopen = () => openPushConfigs({ store, batches, root: 'push' })
  return { configs: await reopen(), reopen }
}

async function setup(disk = createMemoryStore()) {
  const world = await PushWorld.start(disk)
  onTestFinished(() => world.push.stop())
  await world.accept(task)
  return world
}

test('a config without an id gets one that follows from its URL', async () => {
  const world = await setup()
  const first = await world.subscribe(task)
  expect(first).toEqual({ id: first.id, tenant: 'echo', taskId: task.id, url: HOOK })
  expect(await world.subscribe(task)).toEqual(first)
  const other = await world.subscribe(task, { url: OTHER_HOOK })
  expect(other.id).not.toBe(first.id)
  expect((await world.push.list(task)).configs).toEqual([first, other])
})

test('the same id replaces what it names, and goes on where that was', async () => {
  const world = await setup()
  world.receivers.answers.set(HOOK, hangs)
  await world.subscribe(task, { id: 'a' }, true)
  await settle()
  await world.subscribe(task, { id: 'a', url: OTHER_HOOK })
  await world.clock.advance(LIMITS.pushTimeout.value + LIMITS.pushRetryFirst.value)
  await settle()
  expect(world.receivers.told(OTHER_HOOK)).toEqual(['1.0 task submitted'])
  expect((await world.push.list(task)).configs).toMatchObject([{ id: 'a', url: OTHER_HOOK }])
})

test('the same config again disturbs nothing', async () => {
  const world = await setup()
  const late = Promise.withResolvers<{ kind: 'delivered' }>()
  world.receivers.answers.set(HOOK, () => late.promise)
  await world.subscribe(task, {}, true)
  await settle()
  await world.subscribe(task, {}, true)
  late.resolve({ kind: 'delivered' })
  await settle()
  expect(world.receivers.told()).toEqual(['1.0 task submitted'])
})

test('a receiver that is replaced is let go first, and what it took still counts', async () => {
  const world = await setup()
  await world.status(task, 'TASK_STATE_WORKING')
  const late = Promise.withResolvers<{ kind: 'delivered' }>()
  world.receivers.answers.set(HOOK, () => late.promise)
  await world.subscribe(task, { id: 'a' }, true)
  await settle()
  await world.subscribe(task, { id: 'a', url: OTHER_HOOK })
  await settle()
  expect(world.receivers.told(OTHER_HOOK)).toEqual([])
  late.resolve({ kind: 'delivered' })
  await settle()
  expect(world.receivers.told(OTHER_HOOK)).toEqual(['1.1 working'])
})

test('a config that ends while it is replaced is there again, and begins where it was told to', async () => {
  const { configs, reopen } = await openConfigs()
  const first = await configs.put(task, CONFIG)
  const replaced = configs.put(task, CONFIG, { attempt: 1, seq: 7 })
  await configs.remove(first)
  const second = await replaced
  expect(configs.ofTask(task)).toEqual([second])
  expect(await configs.read(first)).toBeUndefined()
  expect(await configs.read(second)).toEqual(CONFIG)
  await configs.note(first, { cursor: { attempt: 1, seq: 99 } }, true)
  const [left, ...more] = (await reopen()).all()
  expect(left).toMatchObject({ key: second.key, progress: { cursor: { attempt: 1, seq: 7 } } })
  expect(more).toEqual([])
})

test('after a deletion nothing is sent, and what is on its way is broken off', async () => {
  const world = await setup()
  let aborted = false
  world.receivers.answers.set(HOOK, (request, signal) => {
    signal.addEventListener('abort', () => {
      aborted = true
    })
    return hangs(request, signal)
  })
  await world.subscribe(task, { id: 'a' }, true)
  await settle()
  await world.push.remove(task, 'a')
  expect(aborted).toBe(true)
  await world.push.remove(task, 'a')
  await world.status(task, 'TASK_STATE_COMPLETED')
  await world.clock.advance(LIMITS.pushGiveUp.value)
  expect(world.receivers.taken).toHaveLength(1)
  await expect(world.push.get(task, 'a')).rejects.toMatchObject({ code: 'PUSH_CONFIG_NOT_FOUND' })
})

test('of another caller’s task of the same id nothing is seen', async () => {
  const world = await setup()
  await world.subscribe(task, { id: 'a' })
  const foreign = { id: task.id, caller: 'another' }
  expect((await world.push.list(foreign)).configs).toEqual([])
  await expect(world.push.get(foreign, 'a')).rejects.toMatchObject({
    code: 'PUSH_CONFIG_NOT_FOUND'
  })
})

test('a task has so many configs and no more, though each may be replaced', async () => {
  const world = await setup()
  const limit = LIMITS.pushConfigsPerTask.value
  for (let number = 0; number < limit; number += 1) {
    await world.subscribe(task, { id: `c${number}` })
  }
  await expect(world.subscribe(task, { id: 'more' })).rejects.toMatchObject({
    code: 'PUSH_CONFIG_LIMIT',
    details: { limit, scope: 'task' }
  })
  await world.subscribe(task, { id: 'c0' })
  await world.push.remove(task, 'c1')
  await world.subscribe(task, { id: 'more' })
})

test('a peer has half of all at most, and all peers together no more than all', async () => {
  const world = await setup()
  const { pushConfigsPerPeer, pushConfigs, pushConfigsPerTask } = LIMITS
  let number = 10
  const fill = async (caller: string, count: number): Promise<void> => {
    for (let left = count; left > 0; left -= pushConfigsPerTask.value) {
      const record = taskRecord((number += 1), caller)
      await world.accept(record)
      const ids = Array.from({ length: Math.min(left, pushConfigsPerTask.value) }, (_, id) => id)
      await Promise.all(ids.map((id) => world.subscribe(record, { id: String(id) })))
    }
  }
  await fill('peer-a', pushConfigsPerPeer.value)
  await expect(fill('peer-a', 1)).rejects.toMatchObject({ details: { scope: 'peer' } })
  await fill('peer-b', pushConfigs.value - pushConfigsPerPeer.value)
  await expect(fill('peer-c', 1)).rejects.toMatchObject({ details: { scope: 'node' } })
})

test.for([
  [{ url: 'nonsense' }, 'INVALID_REQUEST'],
  [{ url: 'http://10.0.0.1/' }, 'PUSH_TARGET_FORBIDDEN'],
  [{ url: 'http://localhost/' }, 'PUSH_TARGET_FORBIDDEN'],
  [{ id: '\ud800' }, 'INVALID_REQUEST'],
  [{ token: 'a\r\nX-Evil: 1' }, 'INVALID_REQUEST'],
  [{ token: 'ü' }, 'INVALID_REQUEST'],
  [{ authentication: { scheme: 'Bea rer' } }, 'INVALID_REQUEST'],
  [{ authentication: { scheme: 'Bearer', credentials: 'a\nb' } }, 'INVALID_REQUEST']
] as const)('%o is refused: %s', async ([config, code]) => {
  const world = await setup()
  const refused = world.subscribe(task, config)
  await expect(refused).rejects.toMatchObject({ code })
  await expect(refused).rejects.not.toThrow(/evil|10\.0/i)
})

test('a config that cannot be kept is refused, and leaves nothing', async () => {
  let full = false
  const world = await setup(createMemoryStore({ commit: () => (full ? 'full' : undefined) }))
  full = true
  await expect(world.subscribe(task)).rejects.toMatchObject({ code: 'STORE_FULL' })
  expect((await world.push.list(task)).configs).toEqual([])
})
