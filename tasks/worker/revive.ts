/** Makes a task that nobody works on readable again, from the events that the store has of it. */
import { LumosError } from '../../core/errors.ts'
import type { TaskHandle } from './engine.ts'
import type { StoredTask, TaskRecord, TaskStore } from './task-store.ts'
import { createTaskView } from './task-view.ts'

/** A task that is not being worked on: all its events are in the store. Throws TASK_SUSPENDED without any. */
export async function revive(
  store: Pick<TaskStore, 'events'>,
  { record }: StoredTask
): Promise<TaskHandle> {
  const view = createTaskView(record)
  for await (const event of store.events(record)) view.add(event)
  if (view.ended) return { view, settled: Promise.resolve(), rested: Promise.resolve() }
  // Nobody works on it at the moment: who follows it has to come back.
  const error = suspended(record)
  if (view.status === undefined) throw error
  view.log.end(error)
  const settled = Promise.reject<void>(error)
  settled.catch(() => {})
  return { view, settled, rested: settled }
}

/** Nobody works on it at the moment, or its next attempt is on the way to the disk: it has to be asked for again. */
export function suspended({ id }: TaskRecord): LumosError {
  return new LumosError('TASK_SUSPENDED', { details: { task: id } })
}
