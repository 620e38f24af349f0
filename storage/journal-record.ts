/** The bytes of journal records: each names its predecessor by hash, so that a hole cannot hide. */
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** A place in a journal: a record's number, and its hash. */
export interface Position {
  readonly sequence: number
  /** SHA-256 of number, previous hash and payload. */
  readonly hash: Buffer
}

export interface JournalRecord {
  /** From 1, without gaps but for reported losses. */
  readonly sequence: number
  readonly payload: Uint8Array
}

export interface DecodedRecord extends JournalRecord {
  readonly previous: Buffer
  readonly hash: Buffer
}

const CHECKSUM_BYTES = 4
const HASH_BYTES = 32
const HEADER_BYTES = CHECKSUM_BYTES + HASH_BYTES

/** What the first record of the journal `name` follows. */
export function origin(name: string): Position {
  return { sequence: 0, hash: hash('sha256', `lumos journal 1\n${name}`, 'buffer') }
}

/** CRC-32, previous hash, payload. The hash finds holes; the checksum finds damage in the last record too. */
export function encodeRecord(
  previous: Position,
  payload: Uint8Array
): { readonly value: Buffer; readonly position: Position } {
  const sequence = previous.sequence + 1
  const value = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  previous.hash.copy(value, CHECKSUM_BYTES)
  value.set(payload, HEADER_BYTES)
  const prefix = sequenceBytes(sequence)
  const body = value.subarray(CHECKSUM_BYTES)
  value.writeUInt32BE(crc32(body, crc32(prefix)), 0)
  return { value, position: { sequence, hash: digest(prefix, body) } }
}

/** The record, or `undefined` when its bytes are damaged. */
export function decodeRecord(sequence: number, bytes: Uint8Array): DecodedRecord | undefined {
  if (bytes.length < HEADER_BYTES) return undefined
  const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const prefix = sequenceBytes(sequence)
  const body = value.subarray(CHECKSUM_BYTES)
  if (value.readUInt32BE(0) !== crc32(body, crc32(prefix))) return undefined
  return {
    sequence,
    previous: body.subarray(0, HASH_BYTES),
    payload: body.subarray(HASH_BYTES),
    hash: digest(prefix, body)
  }
}

/** Where a record stands, for a checkpoint; see {@link decodePosition}. */
export function encodePosition({ sequence, hash: bytes }: Position): Buffer {
  return Buffer.concat([sequenceBytes(sequence), bytes])
}

/** `undefined` for bytes that are no position. */
export function decodePosition(bytes: Uint8Array | undefined): Position | undefined {
  if (bytes?.length !== 8 + HASH_BYTES) return undefined
  const value = Buffer.from(bytes)
  const sequence = Number(value.readBigUInt64BE(0))
  return Number.isSafeInteger(sequence) ? { sequence, hash: value.subarray(8) } : undefined
}

function digest(prefix: Buffer, body: Buffer): Buffer {
  return hash('sha256', Buffer.concat([prefix, body]), 'buffer')
}

function sequenceBytes(sequence: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigUInt64BE(BigInt(sequence))
  return bytes
}
