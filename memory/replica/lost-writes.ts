/** Keeps for a day what was perhaps overwritten by somebody who had not seen it, so that people can get it back. */
import type { Clock } from '../../core/clock.ts'
import { createByteReader, createByteWriter } from '../../core/bytes.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Operation, Store } from '../../storage/store.ts'
import { prefixRange } from '../../storage/store.ts'
import type { Conflict } from './changeset.ts'
import { decodeRecord } from './record.ts'
import type { AuthorKey, MemoryId, MemoryRecord } from './record.ts'
import { createLostShelf } from './lost-shelf.ts'
import type { LostShelf, ShelfPart, ShelfRow } from './lost-shelf.ts'

export interface LostWritesComponents {
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
  readonly store: Pick<Store, 'get' | 'iterate' | 'commit'>
}

/** A record that lost, and whose it was: its writer may be forgotten by then. */
export interface LostWrite {
  readonly author: AuthorKey
  readonly record: MemoryRecord
}

export interface LostWrites {
  /** Remembers the loser; a hint, so that a failure is only logged. */
  note(conflict: Conflict, author: AuthorKey): void
  /** Newest first. */
  of(key: string): Promise<readonly LostWrite[]>
  /** Forgets what is older than a day. */
  sweep(): Promise<void>
  /** Waits for what is being written. */
  settle(): Promise<void>
}

interface Kept extends LostWrite {
  /** When it lost, here: milliseconds since the epoch. */
  readonly at: number
}

const DAY_MS = 24 * 3_600_000
/** Of one key. */
const MOST_KEPT = 4
/** Before each record: time, author, length. */
const HEAD_BYTES = 42

export function createLostWrites(components: LostWritesComponents, space: MemoryId): LostWrites {
  const { clock, logger, store } = components
  const folder = `mem/${space}/x/`
  const rows = createRows(components, folder)
  /** From the first write that loses on. */
  let shelf: LostShelf | undefined
  let waiting = 0
  let queue: Promise<void> = Promise.resolve()

  async function keep({ loser }: Conflict, author: AuthorKey): Promise<void> {
    const known = await rows.of(loser.key)
    if (known.some(({ record }) => record.id === loser.id)) return
    const kept = shortened([{ at: clock.now(), author, record: loser }, ...known])
    shelf ??= await rows.readShelf()
    const gone = shelf.put({ key: loser.key, sizes: sizesOf(kept) })
    await rows.write(new Map([[loser.key, kept]]), gone)
  }

  async function sweep(): Promise<void> {
    const oldest = clock.now() - DAY_MS
    const gone: Operation[] = []
    for await (const [row, value] of store.iterate(prefixRange(folder))) {
      if (decodeKept(value).some(({ at }) => at > oldest)) continue
      shelf?.delete(row.slice(folder.length))
      gone.push(deletionOf(row))
    }
    if (gone.length > 0) await store.commit(gone, { sync: false })
  }

  /** One after the other: two losers of one key would overwrite each other's row. */
  function inTurn(action: () => Promise<void>): Promise<void> {
    queue = queue.then(action).catch((error: unknown) => {
      // What is on the disk is looked at again.
      shelf = undefined
      logger.debug('a write that lost was not kept', { code: toLumosError(error).code })
    })
    return queue
  }

  return {
    note(conflict, author) {
      if (waiting >= LIMITS.memoryConflicts.value) return
      waiting += 1
      void inTurn(() => keep(conflict, author)).finally(() => (waiting -= 1))
    },
    of: rows.of,
    sweep: () => inTurn(sweep),
    settle: () => queue
  }
}

interface Rows {
  of(this: void, key: string): Promise<readonly Kept[]>
  /** Writes `changed` without what is `gone`, which may lie in other rows, too. */
  write(changed: ReadonlyMap<string, readonly Kept[]>, gone: readonly ShelfPart[]): Promise<void>
  readShelf(): Promise<LostShelf>
}

function createRows({ clock, store }: LostWritesComponents, folder: string): Rows {
  async function of(key: string): Promise<readonly Kept[]> {
    const value = await store.get(folder + key)
    const oldest = clock.now() - DAY_MS
    return value === undefined ? [] : decodeKept(value).filter(({ at }) => at > oldest)
  }

  const write: Rows['write'] = async (changed, gone) => {
    const rows = new Map(changed)
    for (const { key, author } of gone) {
      const kept = rows.get(key) ?? (await of(key))
      const others = kept.filter((each) => each.author !== author)
      rows.set(key, others)
    }
    const operations = Array.from(rows, ([key, kept]): Operation => {
      if (kept.length === 0) return deletionOf(folder + key)
      return { type: 'put', key: folder + key, value: encodeKept(kept) }
    })
    if (operations.length > 0) await store.commit(operations, { sync: false })
  }

  return {
    of,
    write,
    async readShelf() {
      const rows: (ShelfRow & { readonly at: number })[] = []
      for await (const [row, value] of store.iterate(prefixRange(folder))) {
        const kept = decodeKept(value)
        const at = kept[0]?.at ?? 0
        rows.push({ key: row.slice(folder.length), sizes: sizesOf(kept), at })
      }
      const shelf = createLostShelf()
      const gone = rows.toSorted((a, b) => a.at - b.at).flatMap((row) => shelf.put(row))
      await write(new Map(), gone)
      return shelf
    }
  }
}

/** Of those who have most of a key the oldest goes: nobody pushes out what another one lost. */
function shortened(kept: readonly Kept[]): readonly Kept[] {
  if (kept.length <= MOST_KEPT) return kept
  const counts = new Map<AuthorKey, number>()
  for (const { author } of kept) counts.set(author, (counts.get(author) ?? 0) + 1)
  const most = Math.max(...counts.values())
  return kept.toSpliced(
    kept.findLastIndex(({ author }) => counts.get(author) === most),
    1
  )
}

function sizesOf(kept: readonly Kept[]): ReadonlyMap<AuthorKey, number> {
  const sizes = new Map<AuthorKey, number>()
  for (const { author, record } of kept) {
    sizes.set(author, (sizes.get(author) ?? 0) + HEAD_BYTES + record.bytes.length)
  }
  return sizes
}

function deletionOf(key: string): Operation {
  return { type: 'del', key }
}

function encodeKept(kept: readonly Kept[]): Uint8Array {
  const writer = createByteWriter()
  writer.u8(kept.length)
  for (const { at, author, record } of kept) {
    writer.u48(at)
    writer.hex(author)
    writer.u32(record.bytes.length)
    writer.bytes(record.bytes)
  }
  return writer.take()
}

/** @throws STORE_CORRUPT */
function decodeKept(value: Uint8Array): readonly Kept[] {
  const reader = createByteReader(value, corrupt)
  const kept = Array.from({ length: reader.u8() }, () => ({
    at: reader.u48(),
    author: reader.hex(32),
    record: decodeRecord(reader.bytes(reader.u32()))
  }))
  reader.end()
  return kept
}

function corrupt(reason: string): LumosError {
  return new LumosError('STORE_CORRUPT', { details: { path: 'mem', reason } })
}
