/** The bytes of repair: fixed layouts, every count checked before anything is made of it. */
import { createByteReader, createByteWriter } from '../../core/bytes.ts'
import type { ByteReader, ByteWriter } from '../../core/bytes.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { REFUSALS } from './schema.ts'
import type {
  WireBatch,
  WireId,
  WireName,
  WireRange,
  WireReceipt,
  WireSummary,
  WireVector
} from './schema.ts'

/** One thing that is sent: how it is written and read. */
export interface Layout<T> {
  write(writer: ByteWriter, value: T): void
  read(reader: ByteReader): T
}

const ID_BYTES = 16
const STALE = 1
const COMPLETE = 1

/** Longest statement: a revocation with all its cuts stays below (memory/spaces/statement.ts). */
const STATEMENT_BYTES = 2048

export const nothing: Layout<void> = { write: () => undefined, read: () => undefined }

export const id: Layout<WireId> = {
  write: (writer, value) => writer.hex(value),
  read: (reader) => reader.hex(ID_BYTES)
}

export const summary: Layout<WireSummary> = {
  write(writer, { root, statements: said, vector: covered, stale }) {
    writer.hex(root)
    writer.hex(said)
    writer.hex(covered)
    writer.u8(stale ? STALE : 0)
  },
  read(reader) {
    const digests = {
      root: reader.hex(ID_BYTES),
      statements: reader.hex(ID_BYTES),
      vector: reader.hex(ID_BYTES)
    }
    const flags = reader.u8()
    if (flags > STALE) throw malformed('its flags are unknown')
    return { ...digests, stale: flags === STALE }
  }
}

export const statements: Layout<readonly Uint8Array[]> = {
  write(writer, all) {
    writer.u16(all.length)
    for (const bytes of all) {
      writer.u16(bytes.length)
      writer.bytes(bytes)
    }
  },
  read: (reader) =>
    list(atMost(reader.u16(), LIMITS.memoryStatements.value), () =>
      reader.bytes(atMost(reader.u16(), STATEMENT_BYTES))
    )
}

const range: Layout<WireRange> = {
  write(writer, [first, last]) {
    writer.u48(first)
    writer.u48(last)
  },
  read(reader) {
    const [first, last] = [reader.u48(), reader.u48()]
    if (first < 1 || first > last) throw malformed('a range is empty')
    return [first, last]
  }
}

export const vector: Layout<WireVector> = {
  write(writer, value) {
    writer.u16(value.size)
    for (const [name, covered] of value) {
      writer.hex(name)
      writer.u16(covered.length)
      for (const part of covered) range.write(writer, part)
    }
  },
  read: (reader) =>
    new Map(
      list(atMost(reader.u16(), LIMITS.memoryWriters.value), () => [
        reader.hex(ID_BYTES),
        readRanges(reader)
      ])
    )
}

/** A number must not be in two ranges, or sets could not be compared by walking along them. */
function readRanges(reader: ByteReader): WireRange[] {
  let before = -1
  return list(atMost(reader.u16(), LIMITS.memoryRanges.value), () => {
    const next = range.read(reader)
    if (next[0] <= before + 1) throw malformed('ranges are out of order')
    before = next[1]
    return next
  })
}

export const batch: Layout<WireBatch> = {
  write(writer, { writer: name, records, complete }) {
    writer.hex(name.author)
    writer.hex(name.nonce)
    writer.u8(complete === undefined ? 0 : COMPLETE)
    if (complete !== undefined) range.write(writer, complete)
    writer.u16(records.length)
    for (const bytes of records) {
      writer.u32(bytes.length)
      writer.bytes(bytes)
    }
  },
  read(reader) {
    const writer = { author: reader.hex(32), nonce: reader.hex(16) }
    const flags = reader.u8()
    if (flags > COMPLETE) throw malformed('its flags are unknown')
    const complete = flags === COMPLETE ? range.read(reader) : undefined
    const count = atMost(reader.u16(), LIMITS.memoryBatchRecords.value)
    const records = list(count, () => reader.bytes(reader.u32()))
    return { writer, records, ...(complete !== undefined && { complete }) }
  }
}

export const receipt: Layout<WireReceipt> = {
  write(writer, { applied, repeated, refused }) {
    writer.u16(applied)
    writer.u16(repeated)
    writer.u16(refused.length)
    for (const { sequence, reason } of refused) {
      writer.u48(sequence)
      writer.u8(REFUSALS.indexOf(reason))
    }
  },
  read(reader) {
    const counts = { applied: reader.u16(), repeated: reader.u16() }
    const refused = list(atMost(reader.u16(), LIMITS.memoryBatchRecords.value), () => {
      const sequence = reader.u48()
      const reason = REFUSALS[reader.u8()]
      if (reason === undefined) throw malformed('a refusal is unknown')
      return { sequence, reason }
    })
    return { ...counts, refused }
  }
}

export const writers: Layout<ReadonlyMap<WireId, WireId>> = {
  write(writer, digests) {
    writer.u16(digests.size)
    for (const [name, digest] of digests) {
      writer.hex(name)
      writer.hex(digest)
    }
  },
  read: (reader) =>
    new Map(
      list(atMost(reader.u16(), LIMITS.memoryWriters.value), () => [
        reader.hex(ID_BYTES),
        reader.hex(ID_BYTES)
      ])
    )
}

/** The lowest ones if there are too many: those behind them look different, and are asked for. */
export const blocks: Layout<ReadonlyMap<number, WireId>> = {
  write(writer, digests) {
    const told = [...digests].toSorted(([a], [b]) => a - b).slice(0, LIMITS.memoryBlocks.value)
    writer.u32(told.length)
    for (const [number, digest] of told) {
      writer.u48(number)
      writer.hex(digest)
    }
  },
  read: (reader) =>
    new Map(
      list(atMost(reader.u32(), LIMITS.memoryBlocks.value), () => [
        reader.u48(),
        reader.hex(ID_BYTES)
      ])
    )
}

export const names: Layout<readonly WireName[]> = {
  write(writer, all) {
    const told = all.slice(0, LIMITS.memoryNames.value)
    writer.u16(told.length)
    for (const { sequence, id: record } of told) {
      writer.u48(sequence)
      writer.hex(record)
    }
  },
  read: (reader) =>
    list(atMost(reader.u16(), LIMITS.memoryNames.value), () => ({
      sequence: reader.u48(),
      id: reader.hex(ID_BYTES)
    }))
}

/** `first`, then `second`. */
export function pair<A, B>(first: Layout<A>, second: Layout<B>): Layout<readonly [A, B]> {
  return {
    write(writer, [a, b]) {
      first.write(writer, a)
      second.write(writer, b)
    },
    read: (reader) => [first.read(reader), second.read(reader)]
  }
}

export const block: Layout<number> = {
  write: (writer, value) => writer.u48(value),
  read: (reader) => reader.u48()
}

export function encode<T>(layout: Layout<T>, value: T): Uint8Array {
  const writer = createByteWriter()
  layout.write(writer, value)
  return writer.take()
}

/** @throws REPAIR_REFUSED for anything that {@link encode} would not have written */
export function decode<T>(layout: Layout<T>, bytes: Uint8Array): T {
  const reader = createByteReader(bytes, malformed)
  const value = layout.read(reader)
  reader.end()
  return value
}

function list<T>(count: number, read: () => T): T[] {
  return Array.from({ length: count }, read)
}

function atMost(count: number, limit: number): number {
  if (count > limit) throw malformed('it lists too much')
  return count
}

function malformed(reason: string): LumosError {
  return new LumosError('REPAIR_REFUSED', { details: { reason: `a message: ${reason}` } })
}
