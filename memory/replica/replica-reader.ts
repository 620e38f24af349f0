/** Reads a replica without changing it: for its own users, and for peers that lack something. */
import { LIMITS } from '../../core/limits.ts'
import { createSlices } from '../slices.ts'
import { BLOCK_NUMBERS } from './digests.ts'
import type { Change } from './changeset.ts'
import { isVisible } from './merge.ts'
import type { PageRecord } from './recent-pages.ts'
import type { MemoryId, MemoryRecord } from './record.ts'
import type { ReplicaState } from './replica-state.ts'
import type { RecordBatch, Vector } from './replica.ts'
import type { RecordName } from './rows.ts'
import { decodeStored } from './rows.ts'
import type { SequenceRange } from './sequence-set.ts'
import { difference, NOTHING } from './sequence-set.ts'
import type { WriterName } from './writer.ts'

export interface EntryQuery {
  /** What keys begin with. */
  readonly prefix?: string
  /** Only keys behind this one, in the direction of reading. */
  readonly after?: string
  readonly limit?: number
  readonly reverse?: boolean
}

/** What it costs to look for a range among those of another vector: at most `memoryRanges` comparisons. */
const RANGE_STEPS = 4

/** Rows that are looked up in one go. */
const PAGE = 128

/** Entries that are read at once for a reader who wants no more: a value has up to 64 KiB. */
const LIKELY = 64

/** The records that readers see, in the order of their keys. */
export async function* readEntries(
  { rows, components: { store, clock } }: ReplicaState,
  { prefix = '', after, limit = Infinity, reverse = false }: EntryQuery
): AsyncIterable<MemoryRecord> {
  const range = rows.allData(prefix)
  const behind = after === undefined ? {} : { [reverse ? 'lt' : 'gt']: rows.data(after) }
  let left = limit
  if (left <= 0) return
  const options = { reverse, ...(limit <= LIKELY && { likely: limit }) }
  for await (const [, value] of store.iterate({ ...range, ...behind }, options)) {
    const { record } = decodeStored(value)
    if (!isVisible(record, clock.now())) continue
    yield record
    left -= 1
    if (left <= 0) return
  }
}

/**
 * The last `limit` records of `folder` that readers see, by key; from memory while nobody changed them
 * otherwise than by adding behind them.
 *
 * @param folder ends with `/`
 */
export async function readNewest(
  { recent, rows, components: { store, clock } }: ReplicaState,
  folder: string,
  limit: number
): Promise<readonly PageRecord[]> {
  const known = recent?.newest(folder, limit)
  if (known !== undefined || limit <= 0) return known ?? []
  const read: MemoryRecord[] = []
  let visible = 0
  const reading = recent?.begin(folder)
  try {
    const options = { reverse: true, ...(limit <= LIKELY && { likely: limit }) }
    for await (const [, value] of store.iterate(rows.allData(folder), options)) {
      const { record } = decodeStored(value)
      read.push(record)
      if (isVisible(record, clock.now())) visible += 1
      if (visible >= limit) break
    }
    read.reverse()
    reading?.hold(read, limit)
  } finally {
    reading?.end()
  }
  return read.filter((record) => isVisible(record, clock.now()))
}

/** The last change of each key that changed after `lsn`. */
export async function* readChanges(state: ReplicaState, lsn: number): AsyncIterable<Change> {
  const { rows, components } = state
  for await (const [row, value] of components.store.iterate(rows.changesAfter(lsn))) {
    const key = Buffer.from(value).toString()
    const { record } = (await state.winners([key])).get(key) ?? {}
    yield { lsn: rows.lsnOf(row), key, record }
  }
}

/** What `theirs` lacks, writer by writer, with claims. */
export async function* readMissing(
  state: ReplicaState,
  theirs: Vector
): AsyncIterable<RecordBatch> {
  const mine = [...state.entries].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const slices = createSlices()
  for (const [writer, { name, covered }] of mine) {
    const pause = slices.spend(1 + covered.length * RANGE_STEPS)
    if (pause !== undefined) await pause
    // Beyond gaps too: the only one who could fill them may be gone for ever.
    for (const range of difference(covered, theirs.get(writer) ?? NOTHING)) {
      yield* readRange(state, { name, writer, range })
    }
  }
}

/** Number of the last record that is held of `writer`; 0 without any. */
export async function readLast(
  { rows, components }: ReplicaState,
  writer: MemoryId
): Promise<number> {
  const options = { reverse: true, limit: 1 }
  for await (const [row] of components.store.iterate(rows.logWriter(writer), options)) {
    return rows.nameOf(row).sequence
  }
  return 0
}

/** What is held of a block of a writer's numbers. */
export async function readNames(
  { rows, components }: ReplicaState,
  writer: MemoryId,
  block: number
): Promise<readonly RecordName[]> {
  const first = block * BLOCK_NUMBERS
  const range = rows.logRange(writer, [first, first + BLOCK_NUMBERS - 1])
  const names: RecordName[] = []
  for await (const [row] of components.store.iterate(range)) names.push(rows.nameOf(row))
  return names
}

/** The named records that are still held, without claims. */
export async function* readNamed(
  state: ReplicaState,
  writer: MemoryId,
  names: readonly RecordName[]
): AsyncIterable<RecordBatch> {
  const { rows, components } = state
  const name = state.entries.get(writer)?.name
  if (name === undefined) return
  const gathering = createGathering(name)
  for (let at = 0; at < names.length; at += PAGE) {
    const page = names.slice(at, at + PAGE)
    const keys = await components.store.getMany(page.map((item) => rows.log(writer, item)))
    const log = page.flatMap((item, index) => {
      const key = keys[index]
      return key === undefined ? [] : [{ name: item, key: Buffer.from(key).toString() }]
    })
    for (const record of await lookUp(state, log)) {
      if (gathering.isFull) yield gathering.take()
      gathering.add(record)
    }
  }
  yield gathering.take()
}

interface Stretch {
  readonly name: WriterName
  readonly writer: MemoryId
  readonly range: SequenceRange
}

async function* readRange(
  state: ReplicaState,
  { name, writer, range }: Stretch
): AsyncIterable<RecordBatch> {
  const gathering = createGathering(name)
  let [first] = range
  for await (const page of logOf(state, writer, range)) {
    for (const record of await lookUp(state, page)) {
      if (gathering.isFull) {
        const { last } = gathering
        // A number may have more records than fit a batch. Before the last of them nothing is
        // claimed about it.
        if (record.sequence === last) yield gathering.take()
        else {
          yield { ...gathering.take(), complete: [first, last] }
          first = last + 1
        }
      }
      gathering.add(record)
    }
  }
  yield { ...gathering.take(), complete: [first, range[1]] }
}

async function* logOf(
  { rows, components }: ReplicaState,
  writer: MemoryId,
  range: SequenceRange
): AsyncIterable<LogRow[]> {
  let page: LogRow[] = []
  for await (const [row, value] of components.store.iterate(rows.logRange(writer, range))) {
    page.push({ name: rows.nameOf(row), key: Buffer.from(value).toString() })
    if (page.length < PAGE) continue
    yield page
    page = []
  }
  yield page
}

/** The records of log rows, of those that are still the greatest of their key. */
async function lookUp(state: ReplicaState, log: readonly LogRow[]): Promise<MemoryRecord[]> {
  const winners = await state.winners(log.map(({ key }) => key))
  return log.flatMap(({ name, key }) => {
    const record = winners.get(key)?.record
    return record?.id === name.id ? [record] : []
  })
}

interface LogRow {
  readonly name: RecordName
  readonly key: string
}

interface Gathering {
  readonly isFull: boolean
  /** Number of the last record. */
  readonly last: number
  add(record: MemoryRecord): void
  take(): { readonly writer: WriterName; readonly records: readonly Uint8Array[] }
}

/** Records of one writer until they fill a batch. */
function createGathering(writer: WriterName): Gathering {
  let records: Uint8Array[] = []
  let bytes = 0
  let last = 0
  return {
    get isFull() {
      return (
        records.length >= LIMITS.memoryBatchRecords.value || bytes >= LIMITS.memoryBatchBytes.value
      )
    },
    get last() {
      return last
    },
    add(record) {
      records.push(record.bytes)
      bytes += record.bytes.length
      last = record.sequence
    },
    take() {
      const taken = { writer, records }
      records = []
      bytes = 0
      return taken
    }
  }
}
