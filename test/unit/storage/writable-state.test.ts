/** The guard of a full disk: read-only at once, writable again without a restart. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import type { Fault } from '../../../storage/memory-store.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import { createGuardedStore } from '../../../storage/writable-state.ts'
import { collect, put, storeContract } from '../../contract/store.contract.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const SYNC = { sync: true }

function setup() {
  const disk: { fault: Exclude<Fault, 'unknown'> | undefined } = { fault: undefined }
  let commits = 0
  const clock = new ManualClock()
  const store = createGuardedStore({
    clock,
    store: createMemoryStore({
      commit() {
        commits += 1
        return disk.fault
      },
      recover: () => disk.fault
    })
  })
  const states: string[] = []
  store.events.on('changed', (state) => {
    states.push(state.name === 'writable' ? state.name : state.error.code)
  })
  onTestFinished(() => store.close())
  return { clock, store, disk, states, commits: () => commits }
}

describe('a guarded Store', () => {
  storeContract({
    create: async () => createGuardedStore({ clock: new ManualClock(), store: createMemoryStore() })
  })
})

test('reads on with a full disk and refuses commits without touching it', async () => {
  const { store, disk, states, commits } = setup()
  await store.commit([put('a')], SYNC)
  disk.fault = 'full'
  const full = { code: 'STORE_FULL' }
  const both = [store.commit([put('b')], SYNC), store.commit([put('c')], SYNC)]
  for (const commit of both) await expect(commit).rejects.toMatchObject(full)
  await expect(store.commit([put('d')], SYNC)).rejects.toMatchObject(full)
  expect(commits()).toBe(3)
  expect(store.state).toMatchObject({ name: 'read-only', error: full, since: 0 })
  expect(states).toEqual(['STORE_FULL'])
  expect(await collect(store)).toEqual([['a', 'a']])
})

test('notices that there is room again, without a restart', async () => {
  const { clock, store, disk, states } = setup()
  disk.fault = 'full'
  await store.commit([put('a')], SYNC).catch(() => undefined)
  await clock.advance(3 * LIMITS.storeProbe.value)
  expect(store.state.name).toBe('read-only')
  disk.fault = undefined
  await clock.advance(LIMITS.storeProbe.value)
  expect(store.state).toEqual({ name: 'writable' })
  await store.commit([put('b')], SYNC)
  expect(states).toEqual(['STORE_FULL', 'writable'])
  disk.fault = 'failed'
  await store.commit([put('c')], SYNC).catch(() => undefined)
  disk.fault = 'full'
  await clock.advance(LIMITS.storeProbe.value)
  expect(states.slice(2)).toEqual(['STORE_FAILED', 'STORE_FULL'])
})

test('stops looking when it is closed', async () => {
  const { clock, store, disk } = setup()
  disk.fault = 'full'
  await store.commit([put('a')], SYNC).catch(() => undefined)
  await store.close()
  expect(clock.pending).toBe(0)
})
