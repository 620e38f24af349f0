/** How much room writes that lost take in one space: whoever takes most of it makes room for others. */
import { LIMITS } from '../../core/limits.ts'
import type { AuthorKey } from './record.ts'

export interface ShelfRow {
  readonly key: string
  /** Bytes of each author's writes in it. */
  readonly sizes: ReadonlyMap<AuthorKey, number>
}

/** What `author` lost on a key. */
export interface ShelfPart {
  readonly key: string
  readonly author: AuthorKey
}

export interface LostShelf {
  /** Notes a row as the newest; returns what has to go, which may be a part of this row. */
  put(row: ShelfRow): readonly ShelfPart[]
  delete(key: string): void
}

/** What a part costs besides its bytes: here, and in the database. */
const PART_BYTES = 256

export function createLostShelf(): LostShelf {
  /** By author, each the oldest first. */
  const shelves = new Map<AuthorKey, Map<string, number>>()
  const authors = new Map<string, Set<AuthorKey>>()
  const totals = new Map<AuthorKey, number>()
  let all = 0

  function count(author: AuthorKey, bytes: number): void {
    all += bytes
    totals.set(author, (totals.get(author) ?? 0) + bytes)
  }

  function add({ key, author }: ShelfPart, bytes: number): void {
    shelves.set(author, (shelves.get(author) ?? new Map<string, number>()).set(key, bytes))
    authors.set(key, (authors.get(key) ?? new Set<AuthorKey>()).add(author))
    count(author, bytes)
  }

  function remove({ key, author }: ShelfPart): void {
    const shelf = shelves.get(author)
    const those = authors.get(key)
    count(author, -(shelf?.get(key) ?? 0))
    shelf?.delete(key)
    those?.delete(author)
    if (those?.size === 0) authors.delete(key)
    if (shelf !== undefined && shelf.size > 0) return
    shelves.delete(author)
    totals.delete(author)
  }

  function removeRow(key: string): void {
    for (const author of authors.get(key) ?? []) remove({ key, author })
  }

  /** The oldest of whoever has most. */
  function victim(): ShelfPart | undefined {
    let [most, bytes] = ['', -1]
    for (const [author, total] of totals) if (total > bytes) [most, bytes] = [author, total]
    const [oldest] = shelves.get(most)?.keys() ?? []
    return oldest === undefined ? undefined : { key: oldest, author: most }
  }

  return {
    put({ key, sizes }) {
      removeRow(key)
      for (const [author, bytes] of sizes) {
        add({ key, author }, bytes + Buffer.byteLength(key) + PART_BYTES)
      }
      const gone: ShelfPart[] = []
      while (all > LIMITS.memoryLostBytes.value) {
        const oldest = victim()
        if (oldest === undefined) break
        remove(oldest)
        gone.push(oldest)
      }
      return gone
    },
    delete: removeRow
  }
}
