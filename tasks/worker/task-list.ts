/** Pages of tasks: A2A's ListTasks in terms of the store, and cursors that stay true while tasks change. */
import type { ListTasksRequest, ListTasksResponse } from '../../core/a2a-operations.ts'
import type { Task } from '../../core/a2a.ts'
import { invalidRequest } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { ListPlace, TaskPage, TaskQuery } from './task-store.ts'

/** A2A 1.0, ListTasksRequest.page_size. */
const DEFAULT_PAGE_SIZE = 50

export function queryOf(
  request: ListTasksRequest,
  caller: PeerIdText
): { readonly query: TaskQuery; readonly pageSize: number } {
  const { tenant, contextId, status, pageToken, statusTimestampAfter } = request
  const pageSize = request.pageSize ?? DEFAULT_PAGE_SIZE
  const query = {
    caller,
    limit: pageSize,
    total: true,
    ...(tenant && { agentId: tenant }),
    ...(contextId && { contextId }),
    ...(status && { state: status }),
    ...(statusTimestampAfter && { updatedSince: Date.parse(statusTimestampAfter) }),
    ...(pageToken && { before: parseCursor(pageToken) })
  }
  return { query, pageSize }
}

export function pageOf(
  tasks: readonly Task[],
  page: TaskPage,
  pageSize: number
): ListTasksResponse {
  const last = page.tasks.at(-1)
  const nextPageToken =
    page.more && last !== undefined
      ? formatCursor({ updatedAt: last.updatedAt, id: last.record.id })
      : ''
  return { tasks, nextPageToken, pageSize, totalSize: page.total ?? tasks.length }
}

/**
 * Names a place in the list, not a number of rows: what changes in between comes to the front,
 * where the reader of later pages neither misses nor repeats it.
 */
export function formatCursor({ updatedAt, id }: ListPlace): string {
  return `${updatedAt.toString(36)}.${id}`
}

/** Throws INVALID_REQUEST for a text that {@link formatCursor} did not make. */
export function parseCursor(cursor: string): ListPlace {
  const [, updatedAt, id] = /^([0-9a-z]{1,11})\.([\w-]{1,64})$/.exec(cursor) ?? []
  if (updatedAt === undefined || id === undefined) {
    throw invalidRequest('the page token is not ours')
  }
  return { updatedAt: Number.parseInt(updatedAt, 36), id }
}
