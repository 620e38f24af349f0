/** Keeps the indexes of all spaces that are searched, and does what it is asked: runs in a thread of its own. */
import type { IndexHit } from './search-index.ts'
import type { IndexChange, SpaceIndex, SpaceIndexState, SpaceQuery } from './space-index.ts'
import { createSpaceIndex, openSpaceIndex } from './space-index.ts'

/** What can be asked of the index of a space, and what is answered. */
export interface SearchTasks {
  /** Begins with what was saved, or with nothing: in place of what was open. */
  open: { readonly ask: { readonly saved?: Uint8Array }; readonly answer: SpaceIndexState }
  apply: { readonly ask: readonly IndexChange[]; readonly answer: SpaceIndexState }
  /** Milliseconds since the epoch. */
  expire: { readonly ask: number; readonly answer: SpaceIndexState }
  find: { readonly ask: SpaceQuery; readonly answer: readonly IndexHit[] }
  save: { readonly ask: undefined; readonly answer: Uint8Array }
  close: { readonly ask: undefined; readonly answer: undefined }
}

export type SearchTask = keyof SearchTasks

export interface SearchDesk {
  /** @throws Error for a space that is not open, and for bytes that cannot be read */
  work<T extends SearchTask>(
    task: T,
    space: string,
    ask: SearchTasks[T]['ask']
  ): SearchTasks[T]['answer']
}

export function createSearchDesk(): SearchDesk {
  const spaces = new Map<string, SpaceIndex>()

  function indexOf(space: string): SpaceIndex {
    const index = spaces.get(space)
    if (index === undefined) throw new Error('the space is not open')
    return index
  }

  const tasks: {
    [T in SearchTask]: (space: string, ask: SearchTasks[T]['ask']) => SearchTasks[T]['answer']
  } = {
    open(space, { saved }) {
      const index = saved === undefined ? createSpaceIndex() : openSpaceIndex(saved)
      spaces.set(space, index)
      return index.state
    },
    apply(space, changes) {
      const index = indexOf(space)
      index.apply(changes)
      return index.state
    },
    expire(space, now) {
      const index = indexOf(space)
      index.expire(now)
      return index.state
    },
    find: (space, query) => indexOf(space).find(query),
    save: (space) => indexOf(space).save(),
    close: (space) => void spaces.delete(space)
  }
  return { work: (task, space, ask) => tasks[task](space, ask) }
}
