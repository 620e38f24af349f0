/** Nothing acknowledged is lost, whatever crashes: seeded schedules of crashes, cuts and repeats. */
import { describe, expect, test } from 'vitest'
import type { TaskStore } from '../../tasks/task-store.ts'
import type { Mutation } from '../support/task-simulation.ts'
import { simulateTasks } from '../support/task-simulation-run.ts'

const SEEDS = 300
/** A planted bug shows within so many seeds. */
const MUTANT_SEEDS = 60

test('every acknowledged task comes to its end, whole, and harm is done once at most', async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    expect(await simulateTasks(seed), `seed ${seed}`).toEqual([])
  }
})

/** The same store, apart from what `changes` replaces. */
function changed(store: TaskStore, changes: Partial<TaskStore>): TaskStore {
  return {
    durable: store.durable,
    accept: (record, first) => store.accept(record, first),
    append: (key, event, durability) => store.append(key, event, durability),
    unfinished: () => store.unfinished(),
    find: (key) => store.find(key),
    events: (key, from) => store.events(key, from),
    list: (query) => store.list(query),
    collect: (horizon) => store.collect(horizon),
    ...changes
  }
}

async function* withoutFirst<T>(items: AsyncIterable<T>): AsyncIterable<T> {
  let first = true
  for await (const item of items) {
    if (!first) yield item
    first = false
  }
}

const MUTANTS: Readonly<Record<string, Mutation>> = {
  'acknowledging before the fsync': {
    batches: (batches) => ({
      ...batches,
      write(operations) {
        void batches.write(operations, false)
        return Promise.resolve()
      }
    })
  },
  'forgetting which tasks there were': {
    store: (store) => changed(store, { find: async () => undefined })
  },
  'running again what was begun': {
    store: (store) =>
      changed(store, {
        async *events(key, from) {
          for await (const event of store.events(key, from)) {
            if (event.update.statusUpdate?.status.state !== 'TASK_STATE_WORKING') yield event
          }
        }
      })
  },
  'replaying all events but one': {
    store: (store) =>
      changed(store, { events: (key, from) => withoutFirst(store.events(key, from)) })
  }
}

describe('the simulation finds', () => {
  test.for(Object.entries(MUTANTS))('%s', async ([, mutation]) => {
    let found: string[] = []
    for (let seed = 1; seed <= MUTANT_SEEDS && found.length === 0; seed += 1) {
      found = await simulateTasks(seed, mutation).catch((error: unknown) => [String(error)])
    }
    expect(found).not.toEqual([])
  })
})
