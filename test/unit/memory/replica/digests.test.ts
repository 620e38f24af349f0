/** Digests that outlive their process: what is saved is true whenever it ends, and nobody waits for the rest. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BLOCK_NUMBERS } from '../../../../memory/replica/digests.ts'
import { openReplica } from '../../../../memory/replica/replica.ts'
import type { Replica } from '../../../../memory/replica/replica.ts'
import { memoryRows } from '../../../../memory/replica/rows.ts'
import type { Store } from '../../../../storage/store.ts'
import type { Fault } from '../../../../storage/memory-store.ts'
import { createMemoryStore } from '../../../../storage/memory-store.ts'
import { nextTurn } from '../../../../core/turn.ts'
import { NOON, SPACE } from '../../../support/memory-arbitraries.ts'
import { toySigner, toyVerify } from '../../../support/memory-world.ts'
import { fill, rootOf } from '../../../support/memory-replicas.ts'
import { seededRandom } from '../../../support/random.ts'

const ROWS = memoryRows(SPACE.id)

/** A database that tells how much of the log was read, and waits with that and with digests when told to. */
function setup() {
  const faults: Fault[] = []
  const store = createMemoryStore({ commit: () => faults.shift() })
  const random = seededRandom(1)
  const seen = { logRows: 0, logReads: 0 }
  let meanwhile: (() => Promise<unknown>) | undefined
  let gate: Promise<void> | undefined
  const watched: Pick<Store, 'get' | 'getMany' | 'iterate' | 'commit'> = {
    ...store,
    async *iterate(range, options) {
      const isLog = range.gte?.startsWith(`mem/${SPACE.id}/l/`)
      const isDigest = range.gte?.startsWith(`mem/${SPACE.id}/b/`)
      const entries = await Array.fromAsync(store.iterate(range, options))
      // What was read is old by the time it is used.
      if (isLog || isDigest) await gate
      if (isLog) {
        seen.logRows += entries.length
        seen.logReads += 1
        await meanwhile?.()
      }
      yield* entries
    }
  }
  const open = (continueWriter = true): Promise<Replica> =>
    openReplica(
      {
        clock: { now: () => NOON },
        random,
        store: watched,
        signer: toySigner('me'),
        verify: toyVerify
      },
      { space: SPACE, continueWriter }
    )
  return {
    store,
    faults,
    seen,
    open,
    /** Whenever the log was read. */
    meanwhile: (action: typeof meanwhile) => {
      meanwhile = action
    },
    /** The root of the same records when nothing is known of them. */
    coldRoot: async () => {
      const bare: typeof watched = {
        ...store,
        async *iterate(range, options) {
          if (!range.gte?.startsWith(`mem/${SPACE.id}/b/`)) yield* store.iterate(range, options)
        }
      }
      const components = { clock: { now: () => NOON }, random, store: bare, verify: toyVerify }
      const init = { space: SPACE, continueWriter: true }
      return rootOf(await openReplica({ ...components, signer: toySigner('me') }, init))
    },
    shut: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return resolve
    }
  }
}

async function savedDigests(store: Pick<Store, 'iterate'>): Promise<string[]> {
  const keys: string[] = []
  for await (const [key] of store.iterate(ROWS.allDigests)) keys.push(key)
  return keys
}

test('after a good end the next start reads no record to know its root', async () => {
  const { open, seen } = setup()
  const replica = await open()
  await fill(replica, 'k', 3 * BLOCK_NUMBERS)
  const root = await rootOf(replica)
  await replica.rest()
  seen.logRows = 0
  expect(await rootOf(await open())).toBe(root)
  expect(seen.logRows).toBe(0)
})

test('after a bad end it reads the blocks that had changed since', async () => {
  const { open, seen, coldRoot } = setup()
  const replica = await open()
  await fill(replica, 'k', 3 * BLOCK_NUMBERS)
  await rootOf(replica)
  await replica.rest()
  // Overwrites a record of the first block, and adds to the last.
  await replica.write({ key: 'k0', value: Buffer.from('new') })
  seen.logRows = 0
  const root = await rootOf(await open())
  expect(seen.logRows).toBeGreaterThan(0)
  expect(seen.logRows).toBeLessThan(2 * BLOCK_NUMBERS)
  expect(root).toBe(await coldRoot())
  expect(root).toBe(await rootOf(replica))
  await replica.rest()
  seen.logRows = 0
  expect(await rootOf(await open())).toBe(root)
  expect(seen.logRows).toBe(0)
})

test('a root is told also where each block that was read changes meanwhile', async () => {
  const { open, seen, meanwhile } = setup()
  const replica = await open()
  await fill(replica, 'k', 3 * BLOCK_NUMBERS)
  await rootOf(replica)
  const writes: Promise<unknown>[] = []
  meanwhile(async () => {
    if (writes.length < 500) writes.push(replica.write({ key: 'k0', value: Buffer.from('new') }))
    for (let turns = 0; turns < 3; turns += 1) await nextTurn()
  })
  seen.logReads = 0
  await replica.write({ key: 'k0', value: Buffer.from('new') })
  await rootOf(replica)
  expect(seen.logReads).toBeLessThan(30)
  await Promise.all(writes)
})

test('what changes while saved digests are read is not believed after a bad end', async () => {
  const { open, shut, coldRoot } = setup()
  const before = await open()
  await fill(before, 'k', 10)
  await rootOf(before)
  await before.rest()
  const killed = await open()
  const release = shut()
  const reading = rootOf(killed)
  await killed.write({ key: 'k0', value: Buffer.from('new') })
  const root = rootOf(await open())
  release()
  expect(await root).toBe(await coldRoot())
  await reading
})

test('what a damaged database says about blocks is not believed', async () => {
  const { open, store, coldRoot } = setup()
  const replica = await open()
  await fill(replica, 'k', 10)
  await rootOf(replica)
  await replica.rest()
  const [key = ''] = await savedDigests(store)
  await store.commit([{ type: 'put', key, value: new Uint8Array(16) }], { sync: true })
  expect(await rootOf(await open())).not.toBe(await coldRoot())
  expect(await rootOf(await open(false))).toBe(await coldRoot())
})

test('what was not saved for all anybody knew, and then was, is taken back', async () => {
  const { open, store, faults, coldRoot } = setup()
  const before = await open()
  await fill(before, 'k', 10)
  const root = await rootOf(before)
  faults.push('unknown')
  await expect(before.rest()).rejects.toMatchObject({ code: 'STORE_FAILED' })
  expect(await rootOf(before)).toBe(root)
  await store.recover()
  expect(await savedDigests(store)).toHaveLength(1)
  await before.write({ key: 'k0', value: Buffer.from('new') })
  const after = await rootOf(await open())
  expect(after).not.toBe(root)
  expect(after).toBe(await coldRoot())
})

test('nobody who writes waits for digests that are worked out for the first time', async () => {
  const { open, shut, coldRoot } = setup()
  await fill(await open(), 'k', 2 * BLOCK_NUMBERS)
  const replica = await open()
  const release = shut()
  const root = rootOf(replica)
  await replica.write({ key: 'k0', value: Buffer.from('meanwhile') })
  release()
  expect(await root).toBe(await coldRoot())
})

test('a block that changes while it is read is read again', async () => {
  const { open, shut, coldRoot } = setup()
  const replica = await open()
  await fill(replica, 'k', 10)
  await rootOf(replica)
  await replica.write({ key: 'k0', value: Buffer.from('new') })
  const release = shut()
  const root = rootOf(replica)
  await replica.write({ key: 'k1', value: Buffer.from('newer') })
  release()
  expect(await root).toBe(await coldRoot())
})

test('whatever is written, compared, saved and cut off in whatever order, the root is that of the records', async () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ write: fc.nat(40), times: fc.integer({ min: 1, max: 300 }) })
    },
    { weight: 2, arbitrary: fc.constantFrom('root', 'rest', 'kill', 'root and write' as const) }
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
      const { open, coldRoot } = setup()
      let replica = await open()
      const write = (first: number, times: number): Promise<unknown> =>
        fill(replica, `k${first}/`, times)
      for (const one of steps) {
        if (typeof one === 'object') await write(one.write, one.times)
        else if (one === 'root') await rootOf(replica)
        else if (one === 'rest') await replica.rest()
        else if (one === 'kill') replica = await open()
        else await Promise.all([rootOf(replica), write(1, 300), rootOf(replica), replica.rest()])
      }
      expect(await rootOf(replica)).toBe(await coldRoot())
      await replica.rest()
      expect(await rootOf(await open())).toBe(await coldRoot())
    }),
    { numRuns: 12, seed: 4 }
  )
})

/** One that was compared and then written to, while it is compared again. */
async function beingRead() {
  const { open, shut, coldRoot } = setup()
  const replica = await open()
  await fill(replica, 'k', 10)
  await rootOf(replica)
  await replica.write({ key: 'k0', value: Buffer.from('new') })
  const release = shut()
  const reading = rootOf(replica)
  for (let turns = 0; turns < 3; turns += 1) await nextTurn()
  return { replica, open, coldRoot, release, reading }
}

test('who asks while a block is read is not told the root of before', async () => {
  const { replica, coldRoot, release, reading } = await beingRead()
  const asked = rootOf(replica)
  for (let turns = 0; turns < 3; turns += 1) await nextTurn()
  release()
  expect(await asked).toBe(await coldRoot())
  await reading
})

test('what is saved while a block is read is true after a restart', async () => {
  const { replica, open, coldRoot, release, reading } = await beingRead()
  await replica.rest()
  release()
  await reading
  expect(await rootOf(await open())).toBe(await coldRoot())
})
