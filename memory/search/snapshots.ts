/**
 * Keeps indexes across restarts: in the database itself, behind the records they were made of.
 * Whatever the database loses or gets back (a power failure, a restored backup), it loses or gets
 * back with the index: one in a file of its own could speak of changes that were undone.
 */
import { hash } from 'node:crypto'
import { createByteReader, createByteWriter } from '../../core/bytes.ts'
import type { Operation, Store } from '../../storage/store.ts'
import { prefixRange } from '../../storage/store.ts'
import type { MemoryId } from '../replica/record.ts'
import type { Position } from '../shared-memory.ts'

export interface Snapshot {
  /** What the index has seen. */
  readonly position: Position
  readonly bytes: Uint8Array
}

export interface Snapshots {
  /** `undefined` also for what another version wrote, or with another maker of vectors. */
  read(space: MemoryId): Promise<Snapshot | undefined>
  /** @throws STORE_CLOSED, STORE_FULL, STORE_FAILED: what was there before then still is */
  write(space: MemoryId, snapshot: Snapshot): Promise<void>
}

export interface SnapshotsComponents {
  /** The database as the space sees it; asked for when it is used. */
  readonly store: (space: MemoryId) => Pick<Store, 'get' | 'iterate' | 'commit'>
}

export interface SnapshotsInit {
  /** Of what wrote it: an index that was made otherwise is made anew. */
  readonly maker: string
}

/** Grows when indexes of old would be read wrongly, or find less. */
const VERSION = 1
const ROW_BYTES = 256 * 1024
/** Other writers of the database wait for no more than this. */
const ROWS_AT_ONCE = 8

interface Manifest {
  readonly maker: string
  readonly position: Position
  /** Two sets of rows: one is valid while the other is written. */
  readonly set: number
  readonly rows: number
  /** SHA-256, in hex. */
  readonly digest: string
}

export function createSnapshots(
  { store }: SnapshotsComponents,
  { maker }: SnapshotsInit
): Snapshots {
  const madeBy = hash('sha256', maker, 'hex')

  async function manifestOf(space: MemoryId): Promise<Manifest | undefined> {
    const bytes = await store(space).get(manifestRow(space))
    return bytes && decodeManifest(bytes)
  }

  async function clear(space: MemoryId, set: number): Promise<void> {
    const keys: string[] = []
    for await (const [key] of store(space).iterate(prefixRange(setRoot(space, set)))) keys.push(key)
    const operations = keys.map((key): Operation => ({ type: 'del', key }))
    if (operations.length > 0) await store(space).commit(operations, { sync: false })
  }

  return {
    async read(space) {
      const manifest = await manifestOf(space)
      if (manifest === undefined || manifest.maker !== madeBy) return undefined
      const rows: Uint8Array[] = []
      const range = prefixRange(setRoot(space, manifest.set))
      for await (const [, value] of store(space).iterate(range)) rows.push(value)
      const bytes = Buffer.concat(rows.slice(0, manifest.rows))
      if (hash('sha256', bytes, 'hex') !== manifest.digest) return undefined
      return { position: manifest.position, bytes }
    },
    async write(space, { position, bytes }) {
      const before = (await manifestOf(space))?.set
      const set = before === 0 ? 1 : 0
      // What an interrupted write left there may have been longer.
      await clear(space, set)
      const rows = Math.ceil(bytes.length / ROW_BYTES)
      for (let first = 0; first < rows; first += ROWS_AT_ONCE) {
        const count = Math.min(ROWS_AT_ONCE, rows - first)
        const operations = Array.from({ length: count }, (_, at): Operation => {
          const start = (first + at) * ROW_BYTES
          const value = bytes.subarray(start, start + ROW_BYTES)
          return { type: 'put', key: setRoot(space, set) + rowName(first + at), value }
        })
        await store(space).commit(operations, { sync: false })
      }
      const digest = hash('sha256', bytes, 'hex')
      const value = encodeManifest({ maker: madeBy, position, set, rows, digest })
      await store(space).commit([{ type: 'put', key: manifestRow(space), value }], { sync: false })
      if (before !== undefined) await clear(space, before)
    }
  }
}

function manifestRow(space: MemoryId): string {
  return `mem/${space}/index/manifest`
}

function setRoot(space: MemoryId, set: number): string {
  return `mem/${space}/index/${set}/`
}

function rowName(row: number): string {
  return row.toString(16).padStart(8, '0')
}

function encodeManifest({ maker, position, set, rows, digest }: Manifest): Uint8Array {
  const writer = createByteWriter()
  writer.u8(VERSION)
  writer.hex(maker)
  writer.u48(position.lsn)
  writer.u32(position.epoch)
  writer.u8(set)
  writer.u32(rows)
  writer.hex(digest)
  return writer.take()
}

/** An index is no loss: what cannot be read is made anew. */
function decodeManifest(bytes: Uint8Array): Manifest | undefined {
  const reader = createByteReader(bytes, (reason) => new Error(reason))
  try {
    if (reader.u8() !== VERSION) return undefined
    const manifest = {
      maker: reader.hex(32),
      position: { lsn: reader.u48(), epoch: reader.u32() },
      set: reader.u8(),
      rows: reader.u32(),
      digest: reader.hex(32)
    }
    reader.end()
    return manifest
  } catch {
    return undefined
  }
}
