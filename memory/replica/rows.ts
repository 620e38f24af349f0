/** Where the records of a space lie in the database (docs/protocols/memory.md, "On disk"). */
import { LumosError } from '../../core/errors.ts'
import type { KeyRange } from '../../storage/store.ts'
import { prefixRange } from '../../storage/store.ts'
import { createByteReader, createByteWriter } from '../../core/bytes.ts'
import type { HybridTime } from './hlc.ts'
import type { AuthorKey, MemoryId, MemoryRecord } from './record.ts'
import { decodeRecord, ID_BYTES } from './record.ts'
import type { SequenceRange, SequenceSet } from './sequence-set.ts'
import type { WriterName } from './writer.ts'

/** A record that is the greatest of its key here. */
export interface StoredRecord {
  readonly record: MemoryRecord
  /** Number of the change that brought it: counts the changes of this replica. */
  readonly lsn: number
}

/** One record of a writer, for comparing what replicas hold. */
export interface RecordName {
  readonly sequence: number
  readonly id: MemoryId
}

/** What a replica knows of a writer. */
export interface WriterEntry {
  readonly name: WriterName
  /** Numbers it has done with: seen, or told by a peer that nothing of them is left. */
  readonly covered: SequenceSet
  /** Records of this writer that it holds, and their bytes. */
  readonly records: number
  readonly bytes: number
}

/** What has to be found again after a restart, besides records. */
export interface ReplicaMark {
  readonly time: HybridTime
  /** Of the last change. */
  readonly lsn: number
  /** Grows when records vanish that had not had their time: derived indexes then begin anew. */
  readonly epoch: number
}

export interface MemoryRows {
  readonly mark: string
  readonly writer: string
  readonly verified: string
  /** There while rows are worked out anew, so that a start after a crash goes on with it. */
  readonly rebuilding: string
  /** Written to learn whether the database takes writes again. */
  readonly probe: string
  data(key: string): string
  /** All data of keys that begin with `prefix`. */
  allData(prefix: string): KeyRange
  keyOf(dataRow: string): string
  /**
   * The id is part of the row: two records of one number exist wherever a writer was restored from
   * a backup, and the second must not take the row of the first.
   */
  log(writer: MemoryId, name: RecordName): string
  logRange(writer: MemoryId, range: SequenceRange): KeyRange
  logWriter(writer: MemoryId): KeyRange
  readonly allLog: KeyRange
  nameOf(logRow: string): RecordName
  change(lsn: number): string
  changesAfter(lsn: number): KeyRange
  lsnOf(changeRow: string): number
  due(hour: number, key: string): string
  dueUntil(hour: number): KeyRange
  dueKeyOf(dueRow: string): string
  entry(writer: MemoryId): string
  readonly entries: KeyRange
  writerOf(entryRow: string): MemoryId
  statement(id: MemoryId): string
  readonly statements: KeyRange
  /** What is saved of a block of a writer's numbers: see memory/replica/digests.ts. */
  digest(writer: MemoryId, block: number): string
  digests(writer: MemoryId): KeyRange
  blockOf(digestRow: string): number
  readonly allDigests: KeyRange
}

/** Hex digits of a number of 48 bits, and of an hour, so that rows sort as numbers do. */
const NUMBER_DIGITS = 12
const HOUR_DIGITS = 8
const ID_DIGITS = 2 * ID_BYTES
const LAST_NUMBER = 2 ** 48 - 1

/** What all rows of a space begin with. */
export function spaceRoot(space: MemoryId): string {
  return `mem/${space}/`
}

export function memoryRows(space: MemoryId): MemoryRows {
  const root = spaceRoot(space)
  const logOf = (writer: MemoryId): string => `${root}l/${writer}/`
  const due = `${root}g/`
  return {
    mark: `${root}m/mark`,
    writer: `${root}m/writer`,
    verified: `${root}m/verified`,
    rebuilding: `${root}m/rebuilding`,
    probe: `${root}m/probe`,
    data: (key) => `${root}d/${key}`,
    allData: (prefix) => prefixRange(`${root}d/${prefix}`),
    keyOf: (row) => row.slice(root.length + 2),
    log: (writer, { sequence, id }) => `${logOf(writer)}${digits(sequence)}/${id}`,
    logRange: (writer, [first, last]) => ({
      ...prefixRange(logOf(writer)),
      gte: logOf(writer) + digits(first),
      ...(last < LAST_NUMBER && { lt: logOf(writer) + digits(last + 1) })
    }),
    logWriter: (writer) => prefixRange(logOf(writer)),
    allLog: prefixRange(`${root}l/`),
    nameOf(row) {
      const id = row.slice(-ID_DIGITS)
      const sequence = row.slice(-(NUMBER_DIGITS + 1 + ID_DIGITS), -(1 + ID_DIGITS))
      return { sequence: Number.parseInt(sequence, 16), id }
    },
    change: (lsn) => `${root}c/${digits(lsn)}`,
    changesAfter: (lsn) => ({ ...prefixRange(`${root}c/`), gt: `${root}c/${digits(lsn)}` }),
    lsnOf: (row) => Number.parseInt(row.slice(-NUMBER_DIGITS), 16),
    due: (hour, key) => `${due}${hourDigits(hour)}/${key}`,
    dueUntil: (hour) => ({ gte: due, lt: `${due}${hourDigits(hour + 1)}` }),
    dueKeyOf: (row) => row.slice(due.length + HOUR_DIGITS + 1),
    entry: (writer) => `${root}w/${writer}`,
    entries: prefixRange(`${root}w/`),
    writerOf: (row) => row.slice(root.length + 2),
    statement: (id) => `${root}s/${id}`,
    statements: prefixRange(`${root}s/`),
    digest: (writer, block) => `${root}b/${writer}/${digits(block)}`,
    digests: (writer) => prefixRange(`${root}b/${writer}/`),
    blockOf: (row) => Number.parseInt(row.slice(-NUMBER_DIGITS), 16),
    allDigests: prefixRange(`${root}b/`)
  }
}

export function encodeStored({ lsn, record }: StoredRecord): Uint8Array {
  const head = Buffer.allocUnsafe(6)
  head.writeUIntBE(lsn, 0, 6)
  return Buffer.concat([head, record.bytes])
}

/** @throws STORE_CORRUPT */
export function decodeStored(value: Uint8Array): StoredRecord {
  try {
    const lsn = Buffer.from(value.buffer, value.byteOffset, 6).readUIntBE(0, 6)
    return { lsn, record: decodeRecord(value.subarray(6)) }
  } catch (cause) {
    throw corrupt('a record', cause)
  }
}

export function encodeEntry({ name, covered, records, bytes }: WriterEntry): Uint8Array {
  const writer = createByteWriter()
  writeName(writer, name)
  writer.u32(records)
  writer.u48(bytes)
  writer.u16(covered.length)
  for (const [first, last] of covered) {
    writer.u48(first)
    writer.u48(last)
  }
  return writer.take()
}

/** @throws STORE_CORRUPT */
export function decodeEntry(value: Uint8Array): WriterEntry {
  const reader = createByteReader(value, (reason) => corrupt('a writer', reason))
  const name = { author: reader.hex(32), nonce: reader.hex(16) }
  const records = reader.u32()
  const bytes = reader.u48()
  const covered = Array.from({ length: reader.u16() }, (): SequenceRange => [
    reader.u48(),
    reader.u48()
  ])
  reader.end()
  return { name, covered, records, bytes }
}

export function encodeMark({ time, lsn, epoch }: ReplicaMark): Uint8Array {
  const writer = createByteWriter()
  writer.u48(time.ms)
  writer.u16(time.counter)
  writer.u48(lsn)
  writer.u32(epoch)
  return writer.take()
}

/** @throws STORE_CORRUPT */
export function decodeMark(value: Uint8Array): ReplicaMark {
  const reader = createByteReader(value, (reason) => corrupt('the mark', reason))
  const time = { ms: reader.u48(), counter: reader.u16() }
  return { time, lsn: reader.u48(), epoch: reader.u32() }
}

export function encodeDigest(digest: string): Uint8Array {
  return Buffer.from(digest, 'hex')
}

/** @throws STORE_CORRUPT */
export function decodeDigest(value: Uint8Array): string {
  const reader = createByteReader(value, (reason) => corrupt('a digest', reason))
  const digest = reader.hex(ID_BYTES)
  reader.end()
  return digest
}

export function encodeName(name: WriterName): Uint8Array {
  const writer = createByteWriter()
  writeName(writer, name)
  return writer.take()
}

/** @throws STORE_CORRUPT */
export function decodeName(value: Uint8Array): WriterName {
  const reader = createByteReader(value, (reason) => corrupt('its writer', reason))
  return { author: reader.hex(32), nonce: reader.hex(16) }
}

export function encodeTime(ms: number): Uint8Array {
  const writer = createByteWriter()
  writer.u48(ms)
  return writer.take()
}

export function decodeTime(value: Uint8Array): number {
  return createByteReader(value, (reason) => corrupt('a time', reason)).u48()
}

function writeName(
  writer: { hex(value: string): void },
  { author, nonce }: { readonly author: AuthorKey; readonly nonce: string }
): void {
  writer.hex(author)
  writer.hex(nonce)
}

function digits(value: number): string {
  return value.toString(16).padStart(NUMBER_DIGITS, '0')
}

function hourDigits(hour: number): string {
  return hour.toString(16).padStart(HOUR_DIGITS, '0')
}

function corrupt(what: string, cause: unknown): LumosError {
  const reason =
    typeof cause === 'string' ? `${what} of shared memory: ${cause}` : `${what} of shared memory`
  return new LumosError('STORE_CORRUPT', { cause, details: { path: 'mem', reason } })
}
