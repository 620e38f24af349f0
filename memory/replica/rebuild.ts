/** Works out all rows of a space from its records: in a database that was salvaged they may not fit each other. */
import { toLumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { KeyRange, Operation, Store } from '../../storage/store.ts'
import type { Space } from '../spaces/space.ts'
import { compareTimes } from './hlc.ts'
import { removalHour } from './merge.ts'
import type { MemoryId, MemoryRecord } from './record.ts'
import type { MemoryRows, ReplicaMark, StoredRecord, WriterEntry } from './rows.ts'
import {
  decodeEntry,
  decodeMark,
  decodeStored,
  encodeEntry,
  encodeMark,
  encodeStored
} from './rows.ts'
import { bounded, includes, withRange } from './sequence-set.ts'

export interface RebuildComponents {
  readonly store: Pick<Store, 'get' | 'getMany' | 'iterate' | 'commit'>
  readonly space: Space
  readonly rows: MemoryRows
}

/** Rows that are read, compared and mended in one go. */
const PAGE = 256

/**
 * Records stay, but for those whose writer nobody can name: peers bring them again. Log, feed, expiry and
 * counts are made to fit them, and the mark, which may be older than they are. What was derived from the feed begins
 * anew if anything had to be mended.
 *
 * @param mark what a disk without one has
 * @throws STORE_CLOSED, STORE_FAILED, STORE_FULL
 */
export async function rebuildRows(components: RebuildComponents, mark: ReplicaMark): Promise<void> {
  const { store, rows } = components
  const entries = await readEntries(components)
  const books = createBooks(entries, rows)
  const found = await readMark(components, mark)
  const feed = createFeed({ ...found, lsn: await lastOfFeed(components, found.lsn) })
  let mended = 0
  for await (const page of pagesOf(store, rows.allData(''))) {
    const operations = await mendPage(components, page, { books, feed })
    mended += operations.length
    await write(store, operations)
  }
  mended += (await dropUnlogged(components)) + (await dropFromFeed(components))
  const counted = books.outcome()
  await write(store, counted)
  mended += counted.length
  const { time, lsn, epoch } = feed.mark
  const isLate = lsn > found.lsn || compareTimes(time, found.time) > 0
  if (mended === 0 && !isLate) return
  const value = encodeMark({ time, lsn, epoch: epoch + 1 })
  await write(store, [{ type: 'put', key: rows.mark, value }])
}

async function readEntries({
  store,
  rows
}: RebuildComponents): Promise<Map<MemoryId, WriterEntry>> {
  const entries = new Map<MemoryId, WriterEntry>()
  for await (const [row, value] of store.iterate(rows.entries)) {
    const entry = readable(() => decodeEntry(value))
    if (entry === undefined) await write(store, [deletionOf(row)])
    else entries.set(rows.writerOf(row), entry)
  }
  return entries
}

async function readMark(
  { store, rows }: RebuildComponents,
  otherwise: ReplicaMark
): Promise<ReplicaMark> {
  const value = await store.get(rows.mark)
  return (value && readable(() => decodeMark(value))) ?? otherwise
}

/** Numbers of the feed are never used again, whatever of it is left. */
async function lastOfFeed({ store, rows }: RebuildComponents, lsn: number): Promise<number> {
  for await (const [row] of store.iterate(rows.changesAfter(0), { reverse: true, limit: 1 })) {
    return Math.max(lsn, rows.lsnOf(row))
  }
  return lsn
}

interface Feed {
  readonly mark: ReplicaMark
  next(): number
  observe(record: MemoryRecord): void
}

function createFeed(found: ReplicaMark): Feed {
  let mark = found
  return {
    get mark() {
      return mark
    },
    next() {
      mark = { ...mark, lsn: mark.lsn + 1 }
      return mark.lsn
    },
    observe({ time }) {
      if (compareTimes(time, mark.time) > 0) mark = { ...mark, time }
    }
  }
}

interface Books {
  knows(writer: MemoryId): boolean
  hold(record: MemoryRecord): void
  /** Entries that said something else. */
  outcome(): Operation[]
}

function createBooks(entries: ReadonlyMap<MemoryId, WriterEntry>, rows: MemoryRows): Books {
  const counted = new Map<MemoryId, WriterEntry>()
  for (const [writer, entry] of entries) counted.set(writer, { ...entry, records: 0, bytes: 0 })

  return {
    knows: (writer) => counted.has(writer),
    hold({ writer, sequence, bytes }) {
      const entry = counted.get(writer)
      if (entry === undefined) return
      const { covered } = entry
      const wider = includes(covered, sequence)
        ? covered
        : bounded(withRange(covered, [sequence, sequence]), LIMITS.memoryRanges.value)
      counted.set(writer, {
        ...entry,
        covered: wider,
        records: entry.records + 1,
        bytes: entry.bytes + bytes.length
      })
    },
    outcome: () =>
      [...counted].flatMap(([writer, entry]): Operation[] => {
        const before = entries.get(writer)
        const isSame =
          before?.records === entry.records &&
          before.bytes === entry.bytes &&
          before.covered === entry.covered
        return isSame ? [] : [{ type: 'put', key: rows.entry(writer), value: encodeEntry(entry) }]
      })
  }
}

type Row = readonly [row: string, value: Uint8Array]

/** What the rows of these records lack. */
async function mendPage(
  { store, space, rows }: RebuildComponents,
  page: readonly Row[],
  { books, feed }: { readonly books: Books; readonly feed: Feed }
): Promise<Operation[]> {
  const operations: Operation[] = []
  const whole: StoredRecord[] = []
  for (const [row, value] of page) {
    const stored = readable(() => decodeStored(value))
    const { key, writer } = stored?.record ?? {}
    if (stored !== undefined && row === rows.data(key ?? '') && books.knows(writer ?? '')) {
      whole.push(stored)
    } else operations.push(deletionOf(row))
  }
  const wanted = whole.map(({ record, lsn }) => {
    const hour = removalHour(record, space)
    const log = rows.log(record.writer, record)
    return [log, rows.change(lsn), hour === undefined ? log : rows.due(hour, record.key)] as const
  })
  const found = await store.getMany(wanted.flat())
  for (const [index, { record }] of whole.entries()) {
    books.hold(record)
    feed.observe(record)
    const [log, change, due] = found.slice(3 * index, 3 * index + 3)
    const [logRow = '', , dueRow = logRow] = wanted[index] ?? []
    const key = Buffer.from(record.key)
    if (!isText(log, key)) operations.push({ type: 'put', key: logRow, value: key })
    if (due === undefined && dueRow !== logRow) {
      operations.push({ type: 'put', key: dueRow, value: new Uint8Array() })
    }
    if (isText(change, key)) continue
    const lsn = feed.next()
    operations.push(
      { type: 'put', key: rows.data(record.key), value: encodeStored({ record, lsn }) },
      { type: 'put', key: rows.change(lsn), value: key }
    )
  }
  return operations
}

/** Log rows whose record is not there, or not the greatest of its key. */
function dropUnlogged(components: RebuildComponents): Promise<number> {
  const { rows } = components
  return dropUnfit(components, rows.allLog, (row, { record }) => {
    return row === rows.log(record.writer, record)
  })
}

function dropFromFeed(components: RebuildComponents): Promise<number> {
  const { rows } = components
  return dropUnfit(components, rows.changesAfter(0), (row, { lsn }) => rows.lsnOf(row) === lsn)
}

/** Drops rows, whose values are keys, that do not fit the record of that key. */
async function dropUnfit(
  { store, rows }: RebuildComponents,
  range: KeyRange,
  fits: (row: string, stored: StoredRecord) => boolean
): Promise<number> {
  let dropped = 0
  for await (const page of pagesOf(store, range)) {
    const values = await store.getMany(page.map(([, key]) => rows.data(textOf(key))))
    const unfit = page.filter(([row], index) => {
      const value = values[index]
      const stored = value && readable(() => decodeStored(value))
      return stored === undefined || !fits(row, stored)
    })
    await write(
      store,
      unfit.map(([row]) => deletionOf(row))
    )
    dropped += unfit.length
  }
  return dropped
}

async function* pagesOf(
  store: Pick<Store, 'iterate'>,
  range: KeyRange
): AsyncGenerator<readonly Row[]> {
  let page: Row[] = []
  for await (const row of store.iterate(range)) {
    page.push(row)
    if (page.length < PAGE) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}

async function write(
  store: Pick<Store, 'commit'>,
  operations: readonly Operation[]
): Promise<void> {
  if (operations.length > 0) await store.commit(operations, { sync: false })
}

/** `undefined` for what is no row of this kind. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (toLumosError(error).code === 'STORE_CORRUPT') return undefined
    throw error
  }
}

function deletionOf(key: string): Operation {
  return { type: 'del', key }
}

function isText(value: Uint8Array | undefined, text: Buffer): boolean {
  return value !== undefined && text.equals(value)
}

function textOf(value: Uint8Array): string {
  return Buffer.from(value).toString()
}
