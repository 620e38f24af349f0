/** The list of ended tasks: one for each caller, so that nobody's many tasks are read for another's few. */
import type { KeyRange, Put } from '../storage/store.ts'
import type { EndedTask, Reading } from './ended-tasks.ts'
import type { Filter } from './worker/memory-task-store.ts'
import { put } from './stored-json.ts'
import { taskKeys } from './worker/task-keys.ts'
import type { ListPlace, TaskKey } from './worker/task-store.ts'

/** As it lies in the database: what a reading skips need not be parsed. */
export interface EndedEntry {
  readonly name: string
  readonly value: Uint8Array
}

export interface EndedList {
  /** The operation that adds a task. */
  add(key: TaskKey, end: EndedTask): Put
  /** Those of the callers that `query` is about, youngest first, behind a place if there is one. */
  youngest(query: Filter, before?: ListPlace): AsyncIterable<EndedEntry>
  /** All of them, oldest first. */
  oldest(): AsyncIterable<EndedEntry>
}

export async function openEndedList(store: Reading): Promise<EndedList> {
  const callers = await callersIn(store)

  function read(chosen: Iterable<string>, direction: Direction): AsyncIterable<EndedEntry> {
    const { before, reverse } = direction
    return merge(
      [...chosen].map((caller) => {
        const range = before ? taskKeys.endedBehind(caller, before) : taskKeys.endedOf(caller)
        return entries(store, range, reverse)
      }),
      ({ name: a }, { name: b }) => {
        const [placeA, placeB] = [taskKeys.endedPlace(a), taskKeys.endedPlace(b)]
        return reverse ? placeA > placeB : placeA < placeB
      }
    )
  }

  return {
    add(key, end) {
      callers.add(key.caller)
      return put(taskKeys.ended(key, end.updatedAt), end)
    },
    youngest({ caller, exceptCaller }, before) {
      const chosen = caller === undefined ? new Set(callers) : new Set([caller])
      if (exceptCaller !== undefined) chosen.delete(exceptCaller)
      return read(chosen, { reverse: true, ...(before && { before }) })
    },
    oldest: () => read(callers, { reverse: false })
  }
}

interface Direction {
  readonly reverse: boolean
  readonly before?: ListPlace
}

/** Whose tasks there are: each step goes to the first task of the next caller. */
async function callersIn(store: Reading): Promise<Set<string>> {
  const callers = new Set<string>()
  let range: KeyRange | undefined = taskKeys.allEnded
  while (range !== undefined) {
    let next: KeyRange | undefined
    for await (const [name] of store.iterate(range, { limit: 1 })) {
      const { caller } = taskKeys.endedTask(name)
      callers.add(caller)
      next = taskKeys.endedAfter(caller)
    }
    range = next
  }
  return callers
}

async function* entries(
  store: Reading,
  range: KeyRange,
  reverse: boolean
): AsyncGenerator<EndedEntry, undefined> {
  for await (const [name, value] of store.iterate(range, { reverse })) yield { name, value }
}

/** Several orders as one; each source is read no further than its first element that waits. */
async function* merge<T>(
  sources: readonly AsyncGenerator<T, undefined>[],
  comesFirst: (a: T, b: T) => boolean
): AsyncGenerator<T, undefined> {
  const heads: { source: AsyncGenerator<T, undefined>; value: T }[] = []
  async function advance(source: AsyncGenerator<T, undefined>): Promise<void> {
    const { value } = await source.next()
    if (value === undefined) return
    const index = heads.findIndex((head) => comesFirst(value, head.value))
    heads.splice(index === -1 ? heads.length : index, 0, { source, value })
  }
  for (const source of sources) await advance(source)
  for (let head = heads.shift(); head !== undefined; head = heads.shift()) {
    yield head.value
    await advance(head.source)
  }
}
