/** Works out what a batch of records changes in a replica, without touching it: pure, so that it can be thrown away. */
import { LIMITS } from '../../core/limits.ts'
import type { Operation } from '../../storage/store.ts'
import type { Space } from '../spaces/space.ts'
import { isConflict, removalHour } from './merge.ts'
import type { AuthorKey, MemoryId, MemoryRecord } from './record.ts'
import { compareRecords } from './record.ts'
import type { MemoryRows, RecordName, StoredRecord, WriterEntry } from './rows.ts'
import { encodeEntry, encodeStored } from './rows.ts'
import type { SequenceRange } from './sequence-set.ts'
import { bounded, includes, NOTHING, withRange } from './sequence-set.ts'
import type { WriterName } from './writer.ts'
import { writerId } from './writer.ts'

/** What one author holds in a space. */
export interface Usage {
  readonly records: number
  readonly bytes: number
}

/** The part of a replica that a changeset looks at. */
export interface ChangesetBase {
  readonly space: Space
  readonly rows: MemoryRows
  readonly entries: ReadonlyMap<MemoryId, WriterEntry>
  readonly usage: ReadonlyMap<AuthorKey, Usage>
  readonly lsn: number
  /** The greatest record of every key that the changeset will touch, where there is one. */
  readonly winners: ReadonlyMap<string, StoredRecord>
}

/** A key whose greatest record changed; `record` is `undefined` when it was removed. */
export interface Change {
  readonly lsn: number
  readonly key: string
  readonly record: MemoryRecord | undefined
}

/** `loser` was perhaps overwritten by somebody who had not seen it. */
export interface Conflict {
  readonly winner: MemoryRecord
  readonly loser: MemoryRecord
}

/** How a record fared: it won, it lost, it was there already, or its author holds too much. */
export type Fate = 'applied' | 'lost' | 'repeated' | 'quota'

/** What is to be written, and what the replica then knows. */
export interface Outcome {
  readonly operations: readonly Operation[]
  readonly entries: ReadonlyMap<MemoryId, WriterEntry>
  readonly usage: ReadonlyMap<AuthorKey, Usage>
  readonly lsn: number
  readonly changes: readonly Change[]
  readonly conflicts: readonly Conflict[]
  /** Numbers of writers whose log rows changed. */
  readonly touched: readonly (readonly [writer: MemoryId, sequence: number])[]
}

export interface Changeset {
  /** The greatest record of `key`, with what the changeset has done so far. */
  winner(key: string): MemoryRecord | undefined
  /** Merges a record that `name` wrote and that may be here; its number is then done with. */
  put(name: WriterName, record: MemoryRecord, options?: { readonly own?: boolean }): Fate
  /** Forgets the greatest record of a key. Its number stays done with. */
  remove(record: MemoryRecord): void
  /** Writes all rows of the greatest record of a key again. */
  renew(record: MemoryRecord): void
  /** Takes a row out of the log whose record is not there. */
  unlog(writer: MemoryId, name: RecordName): void
  /** Marks numbers as done with, on the word of a peer: only signed records may use up the room for writers. */
  claim(name: WriterName, range: SequenceRange): void
  outcome(): Outcome
}

/** Names that this node may yet take: it writes on, whoever else has filled the table. */
const OWN_WRITERS = 256

const NO_USAGE: Usage = { records: 0, bytes: 0 }

export function createChangeset(base: ChangesetBase): Changeset {
  const { rows } = base
  const books = createBooks(base)
  const table = createTable(base, books)
  const conflicts: Conflict[] = []

  return {
    winner: (key) => table.winners.get(key)?.record,
    put(name, record, { own = false } = {}) {
      const room = LIMITS.memoryWriters.value - (own ? 0 : OWN_WRITERS)
      const current = table.winners.get(record.key)
      const known = books.covers(record)
      if (current?.record.id === record.id) {
        books.cover(name, [record.sequence, record.sequence], room)
        return 'repeated'
      }
      const wins = current === undefined || compareRecords(record, current.record) > 0
      if (wins && !books.fits(name, record, current?.record)) return 'quota'
      if (!books.cover(name, [record.sequence, record.sequence], room)) return 'quota'
      if (current !== undefined && !known) {
        const [winner, loser] = wins ? [record, current.record] : [current.record, record]
        if (isConflict(winner, loser)) conflicts.push({ winner, loser })
      }
      if (!wins) return 'lost'
      if (current !== undefined) table.takeOut(current)
      table.putIn(record)
      return 'applied'
    },
    remove(record) {
      const current = table.winners.get(record.key)
      if (current?.record.id === record.id) table.takeOut(current)
    },
    renew(record) {
      const current = table.winners.get(record.key)
      if (current?.record.id !== record.id) return
      table.takeOut(current)
      table.putIn(record)
    },
    unlog: (writer, name) => table.unlog(writer, name),
    claim: (name, range) => void books.cover(name, range, LIMITS.memoryWriters.value / 2),
    outcome() {
      const entries = books.changed()
      const written = Array.from(entries, ([writer, entry]): Operation => ({
        type: 'put',
        key: rows.entry(writer),
        value: encodeEntry(entry)
      }))
      const rowsOf = table.outcome()
      return {
        ...rowsOf,
        operations: [...rowsOf.operations, ...written],
        entries,
        usage: books.usage(),
        conflicts
      }
    }
  }
}

interface Table {
  readonly winners: ReadonlyMap<string, StoredRecord>
  takeOut(stored: StoredRecord): void
  putIn(record: MemoryRecord): void
  unlog(writer: MemoryId, name: RecordName): void
  outcome(): Pick<Outcome, 'operations' | 'lsn' | 'changes' | 'touched'>
}

/** The rows of the greatest records, as they will be. */
function createTable({ space, rows, ...base }: ChangesetBase, books: Books): Table {
  const winners = new Map(base.winners)
  /** By row: what was put and is taken out in one changeset must not be written. */
  const operations = new Map<string, Operation>()
  const changes = new Map<string, Change>()
  const touched: [MemoryId, number][] = []
  let { lsn } = base

  function put(key: string, value: Uint8Array): void {
    operations.set(key, { type: 'put', key, value })
  }

  function del(key: string): void {
    operations.set(key, { type: 'del', key })
  }

  function changed(record: MemoryRecord, sign: 1 | -1): void {
    touched.push([record.writer, record.sequence])
    books.hold(record, sign)
    const { key } = record
    changes.set(key, { lsn, key, record: sign === 1 ? record : undefined })
  }

  return {
    winners,
    takeOut({ record, lsn: since }) {
      const hour = removalHour(record, space)
      del(rows.data(record.key))
      del(rows.log(record.writer, record))
      del(rows.change(since))
      if (hour !== undefined) del(rows.due(hour, record.key))
      winners.delete(record.key)
      changed(record, -1)
    },
    putIn(record) {
      lsn += 1
      const stored = { record, lsn }
      const hour = removalHour(record, space)
      const key = Buffer.from(record.key)
      put(rows.data(record.key), encodeStored(stored))
      put(rows.log(record.writer, record), key)
      put(rows.change(lsn), key)
      if (hour !== undefined) put(rows.due(hour, record.key), new Uint8Array())
      winners.set(record.key, stored)
      changed(record, 1)
    },
    unlog(writer, name) {
      del(rows.log(writer, name))
      touched.push([writer, name.sequence])
    },
    outcome: () => ({
      operations: [...operations.values()],
      lsn,
      changes: [...changes.values()],
      touched
    })
  }
}

interface Books {
  covers(record: MemoryRecord): boolean
  /** False for one more writer where there are `room` already. */
  cover(name: WriterName, range: SequenceRange, room: number): boolean
  /** Whether the author may hold `record` in place of `current`. */
  fits(name: WriterName, record: MemoryRecord, current: MemoryRecord | undefined): boolean
  /** Counts `record` in (1) or out (-1). */
  hold(record: MemoryRecord, sign: 1 | -1): void
  changed(): ReadonlyMap<MemoryId, WriterEntry>
  usage(): ReadonlyMap<AuthorKey, Usage>
}

/** Who has written what, and how much of it is held. */
function createBooks({ space, entries, usage }: ChangesetBase): Books {
  const changed = new Map<MemoryId, WriterEntry>()
  const used = new Map<AuthorKey, Usage>()
  const ids = new Map<WriterName, MemoryId>()
  let writers = entries.size

  /** Once a batch: a hash for each record would be a good part of what it costs. */
  function idOf(name: WriterName): MemoryId {
    const known = ids.get(name) ?? writerId(space.id, name)
    ids.set(name, known)
    return known
  }

  function entryOf(writer: MemoryId): WriterEntry | undefined {
    return changed.get(writer) ?? entries.get(writer)
  }

  function usageOf(author: AuthorKey): Usage {
    return used.get(author) ?? usage.get(author) ?? NO_USAGE
  }

  return {
    covers: ({ writer, sequence }) => includes(entryOf(writer)?.covered ?? NOTHING, sequence),
    cover(name, range, room) {
      const writer = idOf(name)
      const entry = entryOf(writer)
      if (entry === undefined && writers >= room) return false
      if (entry === undefined) writers += 1
      const { covered, ...rest } = entry ?? { name, covered: NOTHING, ...NO_USAGE }
      const wider = bounded(withRange(covered, range), LIMITS.memoryRanges.value)
      changed.set(writer, { ...rest, covered: wider })
      return true
    },
    fits({ author }, record, current) {
      const held = entryOf(current?.writer ?? '')?.name.author === author ? current : undefined
      const { records, bytes } = usageOf(author)
      const growth = record.bytes.length - (held?.bytes.length ?? 0)
      // Whoever is at the limit can still delete and shorten.
      if (held !== undefined && growth <= 0) return true
      return (
        records + (held === undefined ? 1 : 0) <= space.authorRecords &&
        bytes + growth <= space.authorBytes
      )
    },
    hold({ writer, bytes }, sign) {
      const entry = entryOf(writer)
      if (entry === undefined) return
      const growth = sign * bytes.length
      changed.set(writer, {
        ...entry,
        records: entry.records + sign,
        bytes: entry.bytes + growth
      })
      const { author } = entry.name
      const before = usageOf(author)
      used.set(author, { records: before.records + sign, bytes: before.bytes + growth })
    },
    changed: () => changed,
    usage: () => used
  }
}
