/** Tells at once that a task id is new, which nearly all are, so that accepting one reads nothing from disk. */
import { createFifo } from '../fifo.ts'
import type { TaskKey } from './task-store.ts'

export interface KnownIds {
  /** True when the task is certainly unknown; false when only the database can tell. */
  isNew(key: TaskKey): boolean
  add(key: TaskKey): void
}

/** Ids of one millisecond have no order: what came last is looked up by name. */
const RECENT = 16_384

/**
 * Callers choose UUIDv7, which begin with their time: an id above all that are in the database is
 * new. `highest` is the greatest of them, empty when there is none.
 */
export function createKnownIds(highest: string): KnownIds {
  let floor = highest
  const recent = new Set<string>()
  const order = createFifo<TaskKey>()

  return {
    isNew: (key) => key.id > floor && !recent.has(nameOf(key)),
    add({ id, caller }) {
      const key = { id, caller }
      recent.add(nameOf(key))
      // A key of its own: what is handed in may be a whole record, message included.
      order.push(key)
      if (order.size <= RECENT) return
      const oldest = order.shift()
      if (oldest === undefined) return
      recent.delete(nameOf(oldest))
      if (oldest.id > floor) floor = oldest.id
    }
  }
}

function nameOf({ id, caller }: TaskKey): string {
  return `${id}/${caller}`
}
