/** The record: one signed write to one key, in the bytes in which it is kept, sent and signed. */
import { hash } from 'node:crypto'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { createByteReader, isPlainText } from '../../core/bytes.ts'
import type { HybridTime } from './hlc.ts'
import { compareTimes } from './hlc.ts'

/** Ids of spaces, writers and records: 16 bytes in hex. */
export type MemoryId = string

/** An author's Ed25519 public key: 32 bytes in hex. */
export type AuthorKey = string

/** What a writer says; everything but its signature. */
export interface RecordBody {
  readonly space: MemoryId
  readonly writer: MemoryId
  /** Counts the writer's records from 1. */
  readonly sequence: number
  readonly time: HybridTime
  /** First 8 bytes (hex) of the id of the record it overwrote, or {@link NO_PREVIOUS}. */
  readonly previous: string
  /** 1 to `memoryKeyBytes` bytes of UTF-8 without control characters. */
  readonly key: string
  /** Empty in a tombstone. */
  readonly value: Uint8Array
  readonly deleted: boolean
  /** Milliseconds since the epoch from which on nobody reads it; a tombstone has none. */
  readonly expires?: number
  /** Key and value are ciphertext (memory/spaces/sealing.ts). */
  readonly sealed: boolean
}

export interface MemoryRecord extends RecordBody {
  /** First 16 bytes of the SHA-256 of all its bytes, signature included. */
  readonly id: MemoryId
  readonly bytes: Uint8Array
}

export const NO_PREVIOUS = '0000000000000000'
export const SIGNATURE_BYTES = 64
export const ID_BYTES = 16

const VERSION = 1
const FLAGS = { deleted: 1, expires: 2, sealed: 8 } as const
const KNOWN_FLAGS = FLAGS.deleted | FLAGS.expires | FLAGS.sealed
const PREVIOUS_BYTES = 8
/** Everything before the key. */
const HEAD_BYTES = 58
const DOMAIN = Buffer.from('lumos/rec/1')

/** A record without key and value. */
export const RECORD_OVERHEAD = HEAD_BYTES + 4 + SIGNATURE_BYTES

/** @returns 64 bytes */
export type Sign = (message: Uint8Array) => Uint8Array

/**
 * The record that says `body`, signed by `sign`.
 *
 * @throws RECORD_INVALID for a key or value that no record can hold
 */
export function encodeRecord(body: RecordBody, sign: Sign): MemoryRecord {
  const key = Buffer.from(body.key)
  const problem = bodyProblem(body, key.length)
  if (problem !== undefined) throw invalid(problem)
  const { value, expires } = body
  const end = HEAD_BYTES + key.length + 4 + value.length + (expires === undefined ? 0 : 6)
  const bytes = Buffer.allocUnsafe(end + SIGNATURE_BYTES)
  bytes[0] = VERSION
  bytes[1] = flagsOf(body)
  bytes.write(body.space, 2, 'hex')
  bytes.write(body.writer, 18, 'hex')
  bytes.writeUIntBE(body.sequence, 34, 6)
  bytes.writeUIntBE(body.time.ms, 40, 6)
  bytes.writeUInt16BE(body.time.counter, 46)
  bytes.write(body.previous, 48, 'hex')
  bytes.writeUInt16BE(key.length, 56)
  bytes.set(key, HEAD_BYTES)
  bytes.writeUInt32BE(value.length, HEAD_BYTES + key.length)
  bytes.set(value, HEAD_BYTES + key.length + 4)
  if (expires !== undefined) bytes.writeUIntBE(expires, end - 6, 6)
  bytes.set(sign(signedPart(bytes)), end)
  return {
    ...body,
    value: bytes.subarray(
      end - value.length - (expires === undefined ? 0 : 6),
      end - (expires === undefined ? 0 : 6)
    ),
    id: idOf(bytes),
    bytes
  }
}

/**
 * Reads what {@link encodeRecord} wrote, and nothing else: each record has one encoding. The
 * signature is not checked. The result looks into `bytes`, which must not change any more.
 *
 * @throws RECORD_INVALID
 */
export function decodeRecord(bytes: Uint8Array): MemoryRecord {
  const reader = createByteReader(bytes, invalid)
  if (reader.u8() !== VERSION) throw invalid('its version is unknown')
  const flags = reader.u8()
  if ((flags & ~KNOWN_FLAGS) !== 0) throw invalid('its flags are unknown')
  const space = reader.hex(ID_BYTES)
  const writer = reader.hex(ID_BYTES)
  const sequence = reader.u48()
  const time = { ms: reader.u48(), counter: reader.u16() }
  const previous = reader.hex(PREVIOUS_BYTES)
  const keyBytes = reader.u16()
  if (keyBytes > LIMITS.memoryKeyBytes.value) throw invalid('its key is too long')
  const key = reader.text(keyBytes)
  const valueBytes = reader.u32()
  if (valueBytes > LIMITS.memoryValueBytes.value) throw invalid('its value is too large')
  const value = reader.bytes(valueBytes)
  const expires = (flags & FLAGS.expires) === 0 ? undefined : reader.u48()
  reader.bytes(SIGNATURE_BYTES)
  reader.end()
  const body: RecordBody = {
    space,
    writer,
    sequence,
    time,
    previous,
    key,
    value,
    deleted: (flags & FLAGS.deleted) !== 0,
    ...(expires !== undefined && { expires }),
    sealed: (flags & FLAGS.sealed) !== 0
  }
  const problem = bodyProblem(body, keyBytes)
  if (problem !== undefined) throw invalid(problem)
  return { ...body, id: idOf(bytes), bytes }
}

/** What the signature of a record is over: the domain, then all bytes before the signature. */
export function signedPart(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([DOMAIN, bytes.subarray(0, bytes.length - SIGNATURE_BYTES)])
}

export function signatureOf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(bytes.length - SIGNATURE_BYTES)
}

/**
 * The total order of records: time, then writer, then id. Above zero when `a` wins over `b`, and
 * zero for the same record only. Hex of one length sorts as its bytes do.
 */
export function compareRecords(a: MemoryRecord, b: MemoryRecord): number {
  return compareTimes(a.time, b.time) || compareText(a.writer, b.writer) || compareText(a.id, b.id)
}

/** What a record that overwrites `record` names as its previous one. */
export function previousOf(record: MemoryRecord | undefined): string {
  return record === undefined ? NO_PREVIOUS : record.id.slice(0, 2 * PREVIOUS_BYTES)
}

function flagsOf({ deleted, expires, sealed }: RecordBody): number {
  return (
    (deleted ? FLAGS.deleted : 0) |
    (expires === undefined ? 0 : FLAGS.expires) |
    (sealed ? FLAGS.sealed : 0)
  )
}

function bodyProblem(body: RecordBody, keyBytes: number): string | undefined {
  const { sequence, key, value, deleted, expires, time } = body
  if (sequence < 1) return 'its sequence is 0'
  if (keyBytes < 1) return 'its key is empty'
  if (keyBytes > LIMITS.memoryKeyBytes.value) return 'its key is too long'
  if (!isPlainText(key)) return 'its key holds control characters or half a surrogate pair'
  if (value.length > LIMITS.memoryValueBytes.value) return 'its value is too large'
  if (deleted && (value.length > 0 || expires !== undefined)) return 'a tombstone holds nothing'
  if (expires !== undefined && expires <= time.ms) return 'it expires before it is written'
  return undefined
}

/** The signature belongs to the id, so that equal ids are equal bytes, whoever signed twice. */
function idOf(bytes: Uint8Array): MemoryId {
  return hash('sha256', bytes, 'hex').slice(0, 2 * ID_BYTES)
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function invalid(reason: string): LumosError {
  return new LumosError('RECORD_INVALID', { details: { reason } })
}
