/** One page of what somebody at the edge asked for: tasks that go on, and those that have ended. */
import type { Delegation } from './delegation.ts'
import type { DelegationView } from './delegation-view.ts'
import { isWanted } from './edge-orders.ts'
import type { EdgeEntry, EdgeQuery } from './edge-orders.ts'
import { order } from './memory-task-store.ts'

export interface EdgePage {
  readonly views: readonly DelegationView[]
  /** Whether there are others behind them. */
  readonly more: boolean
  /** That the query is about, on all pages together. */
  readonly total: number
}

interface EdgeTasks {
  readonly live: readonly EdgeEntry[]
  readonly ended: AsyncIterable<EdgeEntry>
  readonly find: (id: string) => Promise<DelegationView | undefined>
}

/** Youngest change of state first. */
export async function edgePage(
  query: EdgeQuery,
  { live, ended, find }: EdgeTasks
): Promise<EdgePage> {
  const entries = new Map<string, EdgeEntry>()
  for (const entry of live) if (isWanted(entry, query)) entries.set(entry.id, entry)
  // One that ended during the reading is in both.
  for await (const entry of ended) entries.set(entry.id, entry)
  const { before, limit } = query
  const behind = [...entries.values()]
    .filter((entry) => before === undefined || order(before, entry) < 0)
    .toSorted(order)
  const page = behind.slice(0, limit)
  const views = await Promise.all(page.map(({ id }) => find(id)))
  return {
    views: views.filter((view) => view !== undefined),
    more: behind.length > page.length,
    total: entries.size
  }
}

/** Of one that goes on; none of what this node asked for by itself. */
export function edgeEntryOf({ record, state, updatedAt }: Delegation): EdgeEntry[] {
  const { edge, order: asked } = record
  return edge === undefined ? [] : [{ ...edge, state, updatedAt, id: asked.taskId }]
}
