/** What nodes tell each other of a space by gossip, in bytes (docs/protocols/memory.md, "Live"). */
import { createByteReader, createByteWriter } from '../../core/bytes.ts'
import type { ByteReader, ByteWriter } from '../../core/bytes.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Digest } from '../replica/digests.ts'
import type { MemoryId } from '../replica/record.ts'
import { ID_BYTES } from '../replica/record.ts'

/** What a node has just written. The author is whoever signed the message. */
export interface Told {
  readonly kind: 'told'
  /** Of the writer's name. */
  readonly nonce: string
  /** The writer's last number so far: who lacks one up to here asks for a repair. */
  readonly last: number
  /** Perhaps none: they are too large, too many, or not for everybody who listens. */
  readonly records: readonly Uint8Array[]
}

/** What a node holds. */
export interface Beacon {
  readonly kind: 'beacon'
  readonly root: Digest
  readonly statements: string
}

export type LiveMessage = Told | Beacon

const VERSION = 1
const KINDS = { told: 1, beacon: 2 } as const

/** The topic of a space: by its id, of a sealed one by the alias that only its members know. */
export function spaceTopic(space: MemoryId): string {
  return `/lumos/s/${space}/1`
}

export function encodeLiveMessage(message: LiveMessage): Uint8Array {
  const writer = createByteWriter()
  writer.u8(VERSION)
  writer.u8(KINDS[message.kind])
  if (message.kind === 'told') writeTold(writer, message)
  else {
    writer.hex(message.root)
    writer.hex(message.statements)
  }
  return writer.take()
}

/** @throws RECORD_INVALID for anything that {@link encodeLiveMessage} would not have written */
export function decodeLiveMessage(bytes: Uint8Array): LiveMessage {
  const reader = createByteReader(bytes, invalid)
  if (reader.u8() !== VERSION) throw invalid('its version is unknown')
  const kind = reader.u8()
  if (kind !== KINDS.told && kind !== KINDS.beacon) throw invalid('its kind is unknown')
  const message = kind === KINDS.told ? readTold(reader) : readBeacon(reader)
  reader.end()
  return message
}

function writeTold(writer: ByteWriter, { nonce, last, records }: Told): void {
  writer.hex(nonce)
  writer.u48(last)
  writer.u8(records.length)
  for (const bytes of records) {
    writer.u16(bytes.length)
    writer.bytes(bytes)
  }
}

function readTold(reader: ByteReader): Told {
  const nonce = reader.hex(16)
  const last = reader.u48()
  const count = reader.u8()
  if (count > LIMITS.memoryLiveRecords.value) throw invalid('it holds too many records')
  const records = Array.from({ length: count }, () => reader.bytes(reader.u16()))
  return { kind: 'told', nonce, last, records }
}

function readBeacon(reader: ByteReader): Beacon {
  return { kind: 'beacon', root: reader.hex(ID_BYTES), statements: reader.hex(ID_BYTES) }
}

function invalid(reason: string): LumosError {
  return new LumosError('RECORD_INVALID', { details: { reason: `in a message, ${reason}` } })
}
