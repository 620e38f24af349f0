/** How a database that an earlier version wrote becomes one of this version. */
import type { Migration } from '../storage/database-identity.ts'
import type { Operation, Store } from '../storage/store.ts'
import { prefixRange } from '../storage/store.ts'
import { outboxKeys } from '../tasks/caller/outbox-keys.ts'
import type { Recall } from '../tasks/caller/recalls.ts'
import { del, parse, put } from '../tasks/stored-json.ts'
import { taskKeys } from '../tasks/worker/task-keys.ts'

/** Entries moved by one commit. */
const PORTION = 1024

/**
 * Version 1 was the first: one list of all ended tasks, `ended/<time>/<id>/<caller>`, counted at each start.
 * Version 2 had one worker at most to be told of an ended order, at `out/cancel/<id>`.
 */
export const MIGRATIONS: readonly Migration[] = [
  { version: 2, run: listEndedTasksByCaller },
  { version: 3, run: keepRecallsByWorker }
]

async function listEndedTasksByCaller(store: Store): Promise<void> {
  // Times begin with a digit that no PeerId has: 0.
  for (let more = true; more;) {
    const operations: Operation[] = []
    for await (const [name, value] of store.iterate(prefixRange('ended/0'), { limit: PORTION })) {
      const [, time, id = '', caller = ''] = name.split('/')
      operations.push(del(name), {
        type: 'put',
        key: taskKeys.ended({ id, caller }, Number(time)),
        value
      })
    }
    await store.commit(operations, { sync: false })
    more = operations.length > 0
  }
  const [tasks, tombstones, orders] = [
    await sum(store, 'ended/'),
    await sum(store, 'gone-at/'),
    await sum(store, 'out/ended/')
  ]
  await store.commit(
    [
      put(taskKeys.endedTotal, {
        tasks: tasks.count,
        bytes: tasks.bytes,
        tombstones: tombstones.count
      }),
      put(outboxKeys.total, { orders: orders.count, bytes: orders.bytes })
    ],
    { sync: true }
  )
}

async function keepRecallsByWorker(store: Store): Promise<void> {
  const operations: Operation[] = []
  for await (const [name, value] of store.iterate(prefixRange('out/cancel/'))) {
    const recall = parse<Partial<Recall>>(value)
    // The wish to cancel an order that is open says no more than that there is one.
    if (!isWhole(recall)) continue
    operations.push(del(name), put(outboxKeys.recall(recall), recall))
  }
  await store.commit(operations, { sync: true })
}

function isWhole(recall: Partial<Recall>): recall is Recall {
  return recall.placement !== undefined
}

async function sum(store: Store, prefix: string): Promise<{ count: number; bytes: number }> {
  const total = { count: 0, bytes: 0 }
  for await (const [, value] of store.iterate(prefixRange(prefix))) {
    total.count += 1
    total.bytes += parse<{ bytes?: number }>(value).bytes ?? 0
  }
  return total
}
