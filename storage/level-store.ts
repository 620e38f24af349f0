/** The Store on disk: LevelDB, with its failures told apart and a way back from a full disk. */
import { open, readdir, unlink } from 'node:fs/promises'
import { Level } from 'level'
import { makeDirectories } from '../core/directories.ts'
import type { ErrorCode } from '../core/errors.ts'
import { LumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { isErrno } from './atomic-file.ts'
import { errnoText } from './private-directory.ts'
import type { Entry, IterateOptions, KeyRange, Store } from './store.ts'
import { assertKeys, compareKeys } from './store.ts'

/**
 * Entries of one page of an iteration: few at first, then as many as fill about `PAGE_BYTES`.
 * A hop to LevelDB's thread costs as much as reading fifty.
 */
const FIRST_PAGE_ENTRIES = 16
const LARGEST_PAGE_ENTRIES = 512
const PAGE_BYTES = 256 * 1024
/** The size of a page is kept by its number of entries. */
const NO_HIGH_WATER_MARK = 2 ** 31

/**
 * Of LevelDB's log and the table in memory that it fills, of which there are two at times. Twice the
 * default: a tenth more tasks a second, since fewer tables are merged.
 */
const LOG_BYTES = 8 * 1024 * 1024

type Database = Level<string, Uint8Array>

/**
 * Opens the database in the folder `path`, or makes a new one there if `create` says so.
 *
 * @throws STORE_LOCKED when another process has it open
 * @throws STORE_CORRUPT when it is damaged, or not there and not to be made
 * @throws STORE_FULL, STORE_FAILED
 */
export async function openLevelStore(path: string, init: { create: boolean }): Promise<Store> {
  const { use, recover, close } = createHandle(path, await openDatabase(path, init.create))

  function page(range: KeyRange, reverse: boolean, limit: number): Promise<Entry[]> {
    return use(async (database) => {
      const iterator = database.iterator({
        ...bounds(range),
        reverse,
        limit: limit + 1,
        highWaterMarkBytes: NO_HIGH_WATER_MARK
      })
      try {
        const entries = await iterator.nextv(limit)
        // To its end, for two reasons: classic-level tells of a damaged block, which LevelDB skips,
        // only there; and the C++ side keeps what it read last until V8, which does not know of it,
        // collects the iterator: over a million rows 154 MB, and 42 when that is one row (measured).
        if (entries.length === limit) await iterator.next()
        return entries
      } finally {
        await iterator.close()
      }
    })
  }

  return {
    async get(key) {
      assertKeys(key)
      return use((database) => database.get(key))
    },
    async getMany(keys) {
      assertKeys(...keys)
      return use((database) => database.getMany([...keys]))
    },
    iterate: (range, options = {}) => pages(page, range, options),
    async commit(operations, { sync }) {
      for (const { key } of operations) assertKeys(key)
      await use((database) => database.batch([...operations], { sync }))
    },
    recover,
    close
  }
}

interface Handle {
  readonly use: <T>(action: (database: Database) => Promise<T>) => Promise<T>
  readonly recover: () => Promise<void>
  readonly close: () => Promise<void>
}

/** An open database that may be closed and opened again under its users. */
function createHandle(path: string, opened: Database): Handle {
  let database = opened
  let closed = false
  /** There while the database is closed and opened again; never rejects. */
  let reopening: Promise<void> | undefined

  async function reopen(): Promise<void> {
    await database.close()
    database = await openDatabase(path, false)
  }

  return {
    async use(action) {
      if (reopening !== undefined) await reopening
      try {
        return await action(database)
      } catch (cause) {
        throw storeError(path, cause)
      }
    },
    async recover() {
      try {
        // LevelDB cannot be opened on a full disk, and then even reading ends: look for room first.
        await probe(path)
        if (closed) throw new LumosError('STORE_CLOSED')
        const reopened = reopen()
        reopening = reopened.catch(() => undefined)
        await reopened
      } catch (cause) {
        throw storeError(path, cause)
      } finally {
        reopening = undefined
      }
    },
    async close() {
      closed = true
      await reopening
      await database.close()
    }
  }
}

/**
 * Salvages what can be read of the damaged database in `path`, in place: call it on a copy.
 *
 * @throws STORE_CORRUPT, STORE_FULL, STORE_FAILED
 */
export async function repairLevelStore(path: string): Promise<void> {
  // In Node, `Level` is classic-level's class; level's own types speak of browsers too.
  if (!('repair' in Level) || typeof Level.repair !== 'function') throw new TypeError('no repair')
  try {
    await Reflect.apply(Level.repair, Level, [path])
  } catch (cause) {
    throw storeError(path, cause)
  }
}

/** Whether LevelDB has ever been in the folder `path`, however damaged it is now. */
export async function holdsLevelFiles(path: string): Promise<boolean> {
  try {
    const names = await readdir(path)
    return names.some((name) => /^(CURRENT|MANIFEST-\d+|\d+\.(ldb|log|sst))$/.test(name))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
}

async function* pages(
  page: (range: KeyRange, reverse: boolean, limit: number) => Promise<Entry[]>,
  range: KeyRange,
  { limit = Infinity, likely = FIRST_PAGE_ENTRIES, reverse = false }: IterateOptions
): AsyncGenerator<Entry> {
  assertKeys(range.gte, range.gt, range.lt)
  let rest = range
  let wanted = limit
  let size = Math.max(1, Math.min(likely, LARGEST_PAGE_ENTRIES))
  while (wanted > 0) {
    const asked = Math.min(wanted, size)
    const entries = await page(rest, reverse, asked)
    yield* entries
    const last = entries.at(-1)
    if (last === undefined || entries.length < asked) return
    wanted -= entries.length
    const bytes = entries.reduce((sum, [, value]) => sum + value.length, 0)
    size = bytes > PAGE_BYTES ? Math.ceil(size / 2) : Math.min(size * 2, LARGEST_PAGE_ENTRIES)
    rest = reverse ? { ...rest, lt: last[0] } : { ...rest, gt: last[0] }
  }
}

/** Level looks at one lower bound only. */
function bounds({ gte, gt, lt }: KeyRange): KeyRange {
  const exclusive = gt !== undefined && (gte === undefined || compareKeys(gt, gte) >= 0)
  return {
    ...(exclusive ? { gt } : gte !== undefined && { gte }),
    ...(lt !== undefined && { lt })
  }
}

async function openDatabase(path: string, create: boolean): Promise<Database> {
  try {
    // LevelDB silently starts afresh where CURRENT is gone, and deletes the tables it then misses.
    const createIfMissing = create && !(await holdsLevelFiles(path))
    if (create) await makeDirectories(path)
    const database: Database = new Level(path, {
      createIfMissing,
      keyEncoding: 'utf8',
      valueEncoding: 'view',
      writeBufferSize: LOG_BYTES
    })
    await database.open()
    return database
  } catch (cause) {
    throw storeError(path, cause)
  }
}

/** Writes as much as opening the database may, beside it: a quota shows in no free-space figure. */
async function probe(path: string): Promise<void> {
  const file = `${path}.probe`
  try {
    const handle = await open(file, 'w', 0o600)
    try {
      const block = new Uint8Array(1024 * 1024)
      for (let bytes = 0; bytes < LIMITS.storeProbeBytes.value; bytes += block.length) {
        await handle.writeFile(block)
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
  } finally {
    await unlink(file).catch(() => undefined)
  }
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  LEVEL_LOCKED: 'STORE_LOCKED',
  LEVEL_CORRUPTION: 'STORE_CORRUPT',
  LEVEL_ITERATOR_NOT_OPEN: 'STORE_CLOSED',
  LEVEL_DATABASE_NOT_OPEN: 'STORE_CLOSED',
  ENOSPC: 'STORE_FULL',
  EDQUOT: 'STORE_FULL'
}

/**
 * A failure of LevelDB, or of a file of the database in `path`, as STORE_*. LevelDB tells most of
 * its reasons in words only (env_posix.cc, db_impl.cc).
 */
export function storeError(path: string, error: unknown): LumosError {
  if (error instanceof LumosError) return error
  // A failed opening is wrapped: LEVEL_DATABASE_NOT_OPEN, with what happened as its cause.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const text = cause instanceof Error ? cause.message : ''
  const reason = errnoText(cause)
  const details = { path, reason: reason === 'LEVEL_IO_ERROR' ? text : reason }
  if (/No space left on device|Disk quota exceeded/.test(text)) {
    return new LumosError('STORE_FULL', { cause, details: { path } })
  }
  // Files that LevelDB misses, or that end too early (EINVAL of reading past the end).
  if (/does not exist \(create_if_missing|No such file|\.ldb: Invalid argument/.test(text)) {
    return new LumosError('STORE_CORRUPT', { cause, details: { path, reason: text } })
  }
  const name = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const code = CODES[name] ?? 'STORE_FAILED'
  return new LumosError(code, {
    cause,
    details: code === 'STORE_CORRUPT' ? { path, reason: text } : details
  })
}
