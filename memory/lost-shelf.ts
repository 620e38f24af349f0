/** How much room writes that lost take in one space: whoever takes most of it makes room for others. */
import { LIMITS } from '../core/limits.ts'
import type { AuthorKey } from './record.ts'

export interface ShelfRow {
  readonly key: string
  /** Of the newest write in it. */
  readonly author: AuthorKey
  readonly bytes: number
}

export interface LostShelf {
  /** Notes a row as the newest; returns keys of the rows that have to go. */
  put(row: ShelfRow): readonly string[]
  delete(key: string): void
}

/** What a row costs besides its bytes: here, and in the database. */
const ROW_BYTES = 256

export function createLostShelf(): LostShelf {
  /** By author, each the oldest first. */
  const shelves = new Map<AuthorKey, Map<string, number>>()
  const authors = new Map<string, AuthorKey>()
  const totals = new Map<AuthorKey, number>()
  let all = 0

  function count(author: AuthorKey, bytes: number): void {
    all += bytes
    totals.set(author, (totals.get(author) ?? 0) + bytes)
  }

  function remove(key: string): void {
    const author = authors.get(key)
    const shelf = author === undefined ? undefined : shelves.get(author)
    if (author === undefined || shelf === undefined) return
    count(author, -(shelf.get(key) ?? 0))
    shelf.delete(key)
    authors.delete(key)
    if (shelf.size > 0) return
    shelves.delete(author)
    totals.delete(author)
  }

  /** The oldest of whoever has most. */
  function victim(): string | undefined {
    let [most, bytes] = ['', -1]
    for (const [author, total] of totals) if (total > bytes) [most, bytes] = [author, total]
    const [oldest] = shelves.get(most)?.keys() ?? []
    return oldest
  }

  return {
    put({ key, author, bytes }) {
      remove(key)
      const cost = bytes + Buffer.byteLength(key) + ROW_BYTES
      shelves.set(author, (shelves.get(author) ?? new Map<string, number>()).set(key, cost))
      authors.set(key, author)
      count(author, cost)
      const gone: string[] = []
      while (all > LIMITS.memoryLostBytes.value) {
        const oldest = victim()
        if (oldest === undefined) break
        remove(oldest)
        gone.push(oldest)
      }
      return gone
    },
    delete: remove
  }
}
