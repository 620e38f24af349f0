/** The guard of a full disk: read-only at once, writable again without a restart. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { LumosError } from '../../../core/errors.ts'
import type { Fault } from '../../../storage/memory-store.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import type { Store } from '../../../storage/store.ts'
import { createGuardedStore } from '../../../storage/writable-state.ts'
import { collect, put, storeContract } from '../../contract/store.contract.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const SYNC = { sync: true }

/** `store` with a few rotten places, which only those see who look there. */
function perishable(store: Store) {
  const rotten = new Set<string>()
  function look(...keys: readonly string[]): void {
    if (!keys.some((key) => rotten.has(key))) return
    throw new LumosError('STORE_CORRUPT', { details: { path: 'memory', reason: 'bad block' } })
  }
  const perishing: Store = {
    ...store,
    get: async (key) => (look(key), store.get(key)),
    getMany: async (keys) => (look(...keys), store.getMany(keys)),
    async *iterate(range, options) {
      for await (const entry of store.iterate(range, options)) {
        look(entry[0])
        yield entry
      }
    },
    recover: async () => (look('recover'), store.recover())
  }
  return { store: perishing, rot: (key: string) => void rotten.add(key) }
}

function setup() {
  const disk: { fault: Exclude<Fault, 'unknown'> | undefined } = { fault: undefined }
  let commits = 0
  const clock = new ManualClock()
  const memory = createMemoryStore({
    commit() {
      commits += 1
      return disk.fault
    },
    recover: () => disk.fault
  })
  const { store: perishing, rot } = perishable(memory)
  const store = createGuardedStore({ clock, store: perishing })
  const states: string[] = []
  store.events.on('changed', (state) => {
    states.push(state.name === 'writable' ? state.name : state.error.code)
  })
  onTestFinished(() => store.close())
  return { clock, store, disk, rot, states, commits: () => commits }
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

test('what reading finds damaged ends writing for good, whatever the disk says', async () => {
  const { clock, store, disk, rot, states, commits } = setup()
  await store.commit([put('a'), put('b')], SYNC)
  disk.fault = 'full'
  await store.commit([put('c')], SYNC).catch(() => undefined)
  rot('b')
  const corrupt = { code: 'STORE_CORRUPT' }
  expect(await store.get('a')).toHaveLength(1)
  await expect(store.get('b')).rejects.toMatchObject(corrupt)
  await expect(store.getMany(['a', 'b'])).rejects.toMatchObject(corrupt)
  await expect(collect(store)).rejects.toMatchObject(corrupt)
  expect(store.state).toMatchObject({ name: 'read-only', error: corrupt })
  disk.fault = undefined
  await clock.advance(3 * LIMITS.storeProbe.value)
  await expect(store.commit([put('d')], SYNC)).rejects.toMatchObject(corrupt)
  expect(states).toEqual(['STORE_FULL', 'STORE_CORRUPT'])
  expect(commits()).toBe(2)
  expect(clock.pending).toBe(0)
})

test('damage that only opening again finds is no reason to try for ever', async () => {
  const { clock, store, disk, rot, states } = setup()
  disk.fault = 'full'
  await store.commit([put('a')], SYNC).catch(() => undefined)
  rot('recover')
  await clock.advance(3 * LIMITS.storeProbe.value)
  expect(states).toEqual(['STORE_FULL', 'STORE_CORRUPT'])
  expect(clock.pending).toBe(0)
})

test('stops looking when it is closed', async () => {
  const { clock, store, disk } = setup()
  disk.fault = 'full'
  await store.commit([put('a')], SYNC).catch(() => undefined)
  await store.close()
  expect(clock.pending).toBe(0)
})
