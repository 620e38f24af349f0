/** Tasks that somebody at the edge of this node asked for: whose they are, and lists of each one's own. */
import type { TaskState } from '../../core/a2a.ts'
import type { BatchOperation } from '../../storage/batches.ts'
import type { Operation, Store } from '../../storage/store.ts'
import { outboxKeys } from '../caller/outbox-keys.ts'
import { createOwnerLists } from '../owner-lists.ts'
import type { OwnerList, OwnerLists } from '../owner-lists.ts'
import { del, parse, put } from '../stored-json.ts'
import type { ListPlace } from '../worker/task-store.ts'

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
export type OwnedTask = Pick<EdgeEntry, 'agent' | 'contextId' | 'state'>

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
  const value: OwnedTask = { agent, contextId, state }
  return [put(outboxKeys.owned(edge.owner, updatedAt, id), value)]
}

/** Takes it out again, and its key with it. */
export function unlisting(id: string, { edge, updatedAt }: MarkedEnd): Operation[] {
  if (edge === undefined) return []
  const { owner, key } = edge
  const listed = del(outboxKeys.owned(owner, updatedAt, id))
  return key === undefined ? [listed] : [listed, del(outboxKeys.keyed(key))]
}

export function createOwnedLists(store: Pick<Store, 'iterate'>): OwnerLists<OwnedTask> {
  return createOwnerLists(store, {
    rangeOf: outboxKeys.allOwned,
    ownerOf: outboxKeys.ownedBy,
    read: (value) => parse<OwnedTask>(value)
  })
}

/** Ended tasks of one owner, as of now. */
export interface EndedOwn {
  /** Whether that one is among them. */
  has(entry: EdgeEntry): boolean
  /** The youngest behind the place of the query, one more than its limit if there is one; and how many it wants in all. */
  page(query: EdgeQuery): { readonly entries: readonly EdgeEntry[]; readonly total: number }
}

export function endedOwn(owner: string, list: OwnerList<OwnedTask>): EndedOwn {
  const keyOf = ({ updatedAt, id }: ListPlace): string => outboxKeys.owned(owner, updatedAt, id)
  return {
    has: (entry) => list.has(keyOf(entry)),
    page({ agent, contextId, state, updatedSince, before, limit }) {
      const isAll = agent === undefined && contextId === undefined && state === undefined
      const { found, total } = list.select({
        limit: limit + 1,
        from: updatedSince === undefined ? undefined : keyOf({ updatedAt: updatedSince, id: '' }),
        before: before && keyOf(before),
        matches: isAll ? undefined : (task) => isLike(task, { agent, contextId, state })
      })
      const entries = found.map(({ key, value }) => ({
        ...value,
        owner,
        updatedAt: outboxKeys.ownedTimeOf(key),
        id: outboxKeys.idOf(key)
      }))
      return { entries, total }
    }
  }
}

/** Whether an entry is one that the query is about, wherever in the list it stands. */
export function isWanted(entry: EdgeEntry, query: EdgeQuery): boolean {
  const { owner, updatedSince } = query
  return (
    entry.owner === owner &&
    isLike(entry, query) &&
    (updatedSince === undefined || entry.updatedAt >= updatedSince)
  )
}

function isLike(task: OwnedTask, { agent, contextId, state }: Likeness): boolean {
  return (
    (agent === undefined || task.agent === agent) &&
    (contextId === undefined || task.contextId === contextId) &&
    (state === undefined || task.state === state)
  )
}

type Likeness = { readonly [K in keyof OwnedTask]?: OwnedTask[K] | undefined }
