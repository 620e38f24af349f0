/** Tasks that somebody at the edge of this node asked for: whose they are, and lists of each one's own. */
import type { TaskState } from '../core/a2a.ts'
import type { BatchOperation } from '../storage/batches.ts'
import type { Operation, Store } from '../storage/store.ts'
import { outboxKeys } from './outbox-keys.ts'
import { del, parse, put } from './stored-json.ts'
import type { ListPlace } from './task-store.ts'

/** Who asked for a task from outside the swarm, as its order says for ever. */
export interface EdgeMark {
  /** The only one that sees the task: `http:<token id>`. */
  readonly owner: string
  /** As it was named: `echo`, or `echo@birch` for the one of a certain node. */
  readonly agent: string
  readonly contextId: string
  /** UUID of version 8, made of what makes a request a repeat: the same key is the same task. */
  readonly key?: string
}

export interface EdgeQuery {
  readonly owner: string
  readonly limit: number
  readonly agent?: string
  readonly contextId?: string
  readonly state?: TaskState
  /** Milliseconds since the epoch: as young as this or younger. */
  readonly updatedSince?: number
  /** Only those behind this place. */
  readonly before?: ListPlace
}

/** What lists need to know of a task. */
export interface EdgeEntry extends ListPlace, Omit<EdgeMark, 'key'> {
  readonly state: TaskState
}

/** The value under the key that names owner, time and id. */
type StoredEntry = Pick<EdgeEntry, 'agent' | 'contextId' | 'state'>

interface KeyedOrder {
  readonly order: { readonly taskId: string }
  readonly edge?: EdgeMark
}

interface MarkedEnd {
  readonly edge?: EdgeMark
  readonly state: TaskState
  readonly updatedAt: number
}

/** Lets an order be found under the key of who gave it. */
export function keying({ order: { taskId }, edge }: KeyedOrder): Operation[] {
  if (edge?.key === undefined) return []
  return [{ type: 'put', key: outboxKeys.keyed(edge.key), value: Buffer.from(taskId) }]
}

/** Puts an ended task into the list of its owner. */
export function listing(id: string, { edge, state, updatedAt }: MarkedEnd): BatchOperation[] {
  if (edge === undefined) return []
  const { agent, contextId } = edge
  const value: StoredEntry = { agent, contextId, state }
  return [put(outboxKeys.owned(edge.owner, updatedAt, id), value)]
}

/** Takes it out again, and its key with it. */
export function unlisting(id: string, { edge, updatedAt }: MarkedEnd): Operation[] {
  if (edge === undefined) return []
  const { owner, key } = edge
  const listed = del(outboxKeys.owned(owner, updatedAt, id))
  return key === undefined ? [listed] : [listed, del(outboxKeys.keyed(key))]
}

/** Ended tasks of one owner that the query wants, but for its place and limit. Youngest end first. */
export async function* endedOf(
  store: Pick<Store, 'iterate'>,
  query: EdgeQuery
): AsyncIterable<EdgeEntry> {
  const { owner } = query
  for await (const [key, value] of store.iterate(outboxKeys.allOwned(owner), { reverse: true })) {
    const updatedAt = outboxKeys.ownedTimeOf(key)
    const entry = { ...parse<StoredEntry>(value), owner, updatedAt, id: outboxKeys.idOf(key) }
    if (isWanted(entry, query)) yield entry
  }
}

/** Whether an entry is one that the query is about, wherever in the list it stands. */
export function isWanted(entry: EdgeEntry, query: EdgeQuery): boolean {
  const { owner, agent, contextId, state, updatedSince } = query
  return (
    entry.owner === owner &&
    (agent === undefined || entry.agent === agent) &&
    (contextId === undefined || entry.contextId === contextId) &&
    (state === undefined || entry.state === state) &&
    (updatedSince === undefined || entry.updatedAt >= updatedSince)
  )
}
