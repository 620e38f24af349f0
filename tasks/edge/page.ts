/** One page of what somebody at the edge asked for: tasks that go on, and those that have ended. */
import type { Delegation } from '../caller/delegation.ts'
import type { DelegationView } from '../caller/delegation-view.ts'
import { order } from '../worker/memory-task-store.ts'
import { isWanted } from './orders.ts'
import type { EdgeEntry, EdgeQuery, EndedOwn } from './orders.ts'

export interface EdgePage {
  readonly views: readonly DelegationView[]
  /** Whether there are others behind them. */
  readonly more: boolean
  /** That the query is about, on all pages together. */
  readonly total: number
}

interface EdgeTasks {
  /** Those that go on, as of now. */
  readonly live: () => readonly EdgeEntry[]
  readonly ended: EndedOwn
  readonly find: (id: string) => Promise<DelegationView | undefined>
}

/** Youngest change of state first. */
export async function edgePage(
  query: EdgeQuery,
  { live, ended, find }: EdgeTasks
): Promise<EdgePage> {
  const { before, limit } = query
  const { entries, total } = ended.page(query)
  // One whose end is on disk goes on until whoever follows it knows that.
  const going = live().filter((entry) => isWanted(entry, query) && !ended.has(entry))
  const behind = going.filter((entry) => before === undefined || order(before, entry) < 0)
  const page = [...behind, ...entries].toSorted(order)
  const views = await Promise.all(page.slice(0, limit).map(({ id }) => find(id)))
  return {
    views: views.filter((view) => view !== undefined),
    more: page.length > limit,
    total: total + going.length
  }
}

/** Of one that goes on; none of what this node asked for by itself. */
export function edgeEntryOf({ record, state, updatedAt }: Delegation): EdgeEntry[] {
  const { edge, order: asked } = record
  return edge === undefined ? [] : [{ ...edge, state, updatedAt, id: asked.taskId }]
}
