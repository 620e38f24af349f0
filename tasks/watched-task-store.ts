/** Tells somebody what a task store keeps, as soon as it is kept. */
import type { Commit, TaskEvent, TaskKey, TaskStore } from './task-store.ts'

/** The same store; `onKept` hears of each event that can be read from now on. */
export function watchTaskStore(
  store: TaskStore,
  onKept: (key: TaskKey, event: TaskEvent) => void
): TaskStore {
  function watch(key: TaskKey, event: TaskEvent, commit: Commit): Commit {
    if (commit === undefined) onKept(key, event)
    else {
      commit.then(
        () => onKept(key, event),
        // Whoever wrote it is told.
        () => {}
      )
    }
    return commit
  }

  return {
    durable: store.durable,
    accept: (record, first) => watch(record, first, store.accept(record, first)),
    append: (key, event, durability) => watch(key, event, store.append(key, event, durability)),
    unfinished: () => store.unfinished(),
    find: (key) => store.find(key),
    events: (key, from) => store.events(key, from),
    list: (query) => store.list(query),
    collect: (horizon) => store.collect(horizon)
  }
}
