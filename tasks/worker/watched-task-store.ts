/** Tells somebody what a task store keeps, as soon as it is kept. */
import type { Commit, TaskEvent, TaskKey, TaskStore } from './task-store.ts'

/**
 * The same store. `watcher` is shown each event on its way there; what it returns, if anything, is
 * called as soon as the event can be read.
 */
export function watchTaskStore(
  store: TaskStore,
  watcher: (key: TaskKey, event: TaskEvent) => (() => void) | undefined
): TaskStore {
  function watch(key: TaskKey, event: TaskEvent, commit: Commit): Commit {
    const onKept = watcher(key, event)
    // Whoever wrote it is told of a failure.
    if (commit !== undefined && onKept !== undefined) commit.then(onKept, () => {})
    else onKept?.()
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
