/** The database as one space of this node sees it: shut when the space is forgotten, whoever still holds it. */
import { LumosError } from '../../core/errors.ts'
import type { Entry, Operation, Store } from '../../storage/store.ts'
import type { Space } from './space.ts'

export type SpaceRows = Pick<Store, 'get' | 'getMany' | 'iterate' | 'commit'>

export interface SpaceStore extends SpaceRows {
  /**
   * From now on everything is refused with SPACE_UNKNOWN, also what is being read: whoever read rows that are
   * being deleted would tell peers that there are none. Resolves when the commits under way have ended.
   */
  shut(): Promise<void>
  /** Goes with every commit until one was done: nothing is written without it. */
  sendAlong(operations: readonly Operation[]): void
}

export function createSpaceStore(store: SpaceRows, { name }: Pick<Space, 'name'>): SpaceStore {
  const commits = new Set<Promise<void>>()
  let isShut = false
  let along: readonly Operation[] = []

  const checked = <T>(value: T): T => {
    if (isShut) throw new LumosError('SPACE_UNKNOWN', { details: { space: name } })
    return value
  }

  return {
    get: async (key) => checked(await store.get(key)),
    getMany: async (keys) => checked(await store.getMany(keys)),
    iterate: (range, options) => ({
      // Not a generator: every record of a space comes through here.
      [Symbol.asyncIterator]() {
        const rows = store.iterate(range, options)[Symbol.asyncIterator]()
        return {
          next: () => rows.next().then(checked),
          return: async (): Promise<IteratorResult<Entry>> => {
            await rows.return?.()
            return { done: true, value: undefined }
          }
        }
      }
    }),
    async commit(operations, options) {
      checked(undefined)
      const sent = along
      const commit = store.commit([...operations, ...sent], options)
      commits.add(commit)
      try {
        await commit
        if (along === sent) along = []
      } finally {
        commits.delete(commit)
      }
    },
    async shut() {
      isShut = true
      await Promise.allSettled(commits)
    },
    sendAlong(operations) {
      along = operations
    }
  }
}
