/** Group commit: who shares a batch, who fails with whom, and what is refused. */
import { expect, test } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { createGroupCommit } from '../../../storage/group-commit.ts'
import type { FaultPlan } from '../../../storage/memory-store.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import type { CommitOptions, Operation } from '../../../storage/store.ts'
import { collect, put } from '../../contract/store.contract.ts'

const SYNC = { sync: true }
const NO_SYNC = { sync: false }

function setup(faults: FaultPlan = {}) {
  const store = createMemoryStore(faults)
  const batches: { readonly keys: readonly string[]; readonly sync: boolean }[] = []
  const recording = {
    commit(operations: readonly Operation[], options: CommitOptions) {
      batches.push({ keys: operations.map(({ key }) => key), sync: options.sync })
      return store.commit(operations, options)
    }
  }
  return { store, batches, commit: createGroupCommit({ store: recording }) }
}

test('gathers the next batch while one is being written, one write at a time', async () => {
  const gate = Promise.withResolvers<undefined>()
  const { batches, commit, store } = setup({
    commit: (n) => (n === 1 ? gate.promise : undefined)
  })
  const first = commit.append([put('1')], SYNC)
  await new Promise(setImmediate)
  const rest = ['2', '3', '4'].map((key) => commit.append([put(key)], SYNC))
  await new Promise(setImmediate)
  expect(batches).toHaveLength(1)
  expect(commit.waiting).toBe(4)
  gate.resolve(undefined)
  await Promise.all([first, ...rest])
  expect(batches).toEqual([
    { keys: ['1'], sync: true },
    { keys: ['2', '3', '4'], sync: true }
  ])
  expect(commit.waiting).toBe(0)
  expect(await collect(store)).toHaveLength(4)
})

test('keeps the order of records with and without sync; one with sync takes its batch along', async () => {
  const { batches, commit } = setup()
  await Promise.all([
    commit.append([put('b')], NO_SYNC),
    commit.append([put('a')], SYNC),
    commit.append([put('c')], NO_SYNC)
  ])
  await commit.append([put('d')], NO_SYNC)
  expect(batches).toEqual([
    { keys: ['b', 'a', 'c'], sync: true },
    { keys: ['d'], sync: false }
  ])
})

test('a failed batch rejects those in it and nobody else', async () => {
  const { commit, store } = setup({ commit: (n) => (n === 2 ? 'failed' : undefined) })
  await commit.append([put('1')], SYNC)
  const failures: string[] = []
  const options = { sync: true, failed: () => failures.push('told') }
  const both = await Promise.allSettled([
    commit.append([put('2')], options),
    commit.append([put('3')], SYNC)
  ])
  expect(both).toMatchObject([
    { reason: { code: 'STORE_FAILED' } },
    { reason: { code: 'STORE_FAILED' } }
  ])
  expect(failures).toEqual(['told'])
  await store.recover()
  await commit.append([put('4')], SYNC)
  expect((await collect(store)).map(([key]) => key)).toEqual(['1', '4'])
})

test('operations that cannot be made fail alone', async () => {
  const { commit, store } = setup()
  const broken = commit.append(() => {
    throw new RangeError('no')
  }, SYNC)
  const badKey = commit.append([put('b'), put('\uD800')], SYNC)
  const whole = commit.append(() => [put('a')], SYNC)
  await expect(broken).rejects.toThrow(RangeError)
  await expect(badKey).rejects.toThrow(TypeError)
  await whole
  expect(await collect(store)).toHaveLength(1)
})

test('refuses more than the limits, and takes writes again once it has caught up', async () => {
  const gate = Promise.withResolvers<undefined>()
  const { commit } = setup({ commit: () => gate.promise })
  const taken = [commit.append([put('0')], NO_SYNC)]
  await new Promise(setImmediate)
  for (let n = 0; n < LIMITS.storeQueue.value; n += 1) {
    taken.push(commit.append([put(String(n))], NO_SYNC))
  }
  await expect(commit.append([put('x')], NO_SYNC)).rejects.toMatchObject({ code: 'STORE_BUSY' })
  gate.resolve(undefined)
  await Promise.all(taken)
  await commit.append([put('x')], NO_SYNC)
})

test('refuses by bytes too, and splits a long queue into several batches', async () => {
  const { batches, commit } = setup()
  const value = new Uint8Array(LIMITS.storeBatchBytes.value / 2)
  const writes = Array.from({ length: 5 }, (_, n) =>
    commit.append([{ type: 'put', key: String(n), value }], SYNC)
  )
  const huge = commit.append(() => [], { sync: true, bytes: LIMITS.storeQueueBytes.value })
  await expect(huge).rejects.toMatchObject({ code: 'STORE_BUSY' })
  await Promise.all(writes)
  expect(batches.map(({ keys }) => keys.length)).toEqual([1, 1, 1, 1, 1])
})

test('closing lets go what was taken and refuses the rest', async () => {
  const { commit, store } = setup()
  const taken = commit.append([put('a')], SYNC)
  await commit.close()
  await taken
  await expect(commit.append([put('b')], SYNC)).rejects.toMatchObject({ code: 'STORE_CLOSED' })
  expect(await collect(store)).toHaveLength(1)
})
