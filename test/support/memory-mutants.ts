/** Bugs planted in replicas, each of which the simulation has to find. */
import type { Replica } from '../../memory/replica/replica.ts'
import { decodeEntry, encodeEntry } from '../../memory/replica/rows.ts'
import { contiguous, NOTHING } from '../../memory/replica/sequence-set.ts'
import { writerId } from '../../memory/replica/writer.ts'
import type { Operation, Store } from '../../storage/store.ts'
import { prefixRange } from '../../storage/store.ts'
import type { Mutation } from './memory-world.ts'

/** The same replica, apart from what `changes` replaces. */
function changed(replica: Replica, changes: Partial<Replica>): Replica {
  // oxlint-disable-next-line no-restricted-syntax -- getters have to stay getters
  return Object.defineProperties(
    Object.create(replica) as Replica,
    Object.getOwnPropertyDescriptors(changes)
  )
}

function changedStore(store: Store, changes: Partial<Store>): Store {
  return {
    get: (key) => store.get(key),
    getMany: (keys) => store.getMany(keys),
    iterate: (range, options) => store.iterate(range, options),
    commit: (operations, options) => store.commit(operations, options),
    recover: () => store.recover(),
    close: () => store.close(),
    ...changes
  }
}

/** A second record of one number takes the row of the first. */
async function oneRowANumber(store: Store, operations: readonly Operation[]): Promise<Operation[]> {
  const result = [...operations]
  for (const { type, key } of operations) {
    if (type !== 'put' || !/^mem\/\w+\/l\//.test(key)) continue
    const number = key.slice(0, key.lastIndexOf('/') + 1)
    for await (const [row] of store.iterate(prefixRange(number))) {
      if (row !== key) result.push({ type: 'del', key: row })
    }
  }
  return result
}

/** What was seen beyond a gap is forgotten. */
function forgetful(row: string, value: Uint8Array): Uint8Array {
  if (!/^mem\/\w+\/w\//.test(row)) return value
  const entry = decodeEntry(value)
  const last = contiguous(entry.covered)
  return encodeEntry({ ...entry, covered: last === 0 ? NOTHING : [[1, last]] })
}

interface Planted {
  readonly mutation: Mutation
  /** Names of the profiles of which one has to find it. */
  readonly profiles: readonly string[]
}

export const MUTANTS: Readonly<Record<string, Planted>> = {
  'a log row without the id of its record': {
    profiles: ['restored and cloned disks'],
    mutation: {
      store: (store) =>
        changedStore(store, {
          commit: async (operations, options) =>
            store.commit(await oneRowANumber(store, operations), options)
        })
    }
  },
  'nothing streamed past a gap': {
    profiles: ['an author that dies'],
    mutation: {
      replica: (replica) =>
        changed(replica, {
          async *missing(theirs) {
            for await (const batch of replica.missing(theirs)) {
              const covered = replica.vector.get(writerId(replica.space.id, batch.writer))
              if ((batch.complete?.[0] ?? 0) <= contiguous(covered ?? NOTHING)) yield batch
            }
          }
        })
    }
  },
  'a forgotten out-of-order set': {
    profiles: ['an author that dies'],
    mutation: {
      store: (store) =>
        changedStore(store, {
          async *iterate(range, options) {
            for await (const [row, value] of store.iterate(range, options)) {
              yield [row, forgetful(row, value)]
            }
          }
        })
    }
  },
  'a stale node that brings deleted records back': {
    profiles: ['time'],
    mutation: {
      replica: (replica) =>
        changed(replica, { summary: async () => ({ ...(await replica.summary()), stale: false }) })
    }
  },
  'version vectors without an audit': {
    profiles: ['restored and cloned disks', 'a liar'],
    mutation: { replica: (replica) => changed(replica, { writers: async () => new Map() }) }
  },
  'acknowledging before the fsync': {
    profiles: ['faulty links and processes'],
    mutation: {
      store: (store) =>
        changedStore(store, { commit: (operations) => store.commit(operations, { sync: false }) })
    }
  },
  'a saved digest that outlives its block': {
    profiles: ['faulty links and processes', 'restored and cloned disks'],
    mutation: {
      // An audit would find and mend it.
      replica: (replica) => changed(replica, { recheck: async () => undefined }),
      store: (store) =>
        changedStore(store, {
          commit: (operations, options) =>
            store.commit(
              operations.filter(({ type, key }) => type === 'put' || !/^mem\/\w+\/b\//.test(key)),
              options
            )
        })
    }
  },
  'believing a disk that refused': {
    profiles: ['faulty links and processes'],
    mutation: {
      store: (store) =>
        changedStore(store, {
          commit: (operations, options) => store.commit(operations, options).catch(() => undefined)
        })
    }
  },
  'believing signatures': {
    profiles: ['a liar'],
    mutation: { verify: async () => true }
  }
}
