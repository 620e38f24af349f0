/** What a blob is: content too large for a record, named by the hash of its chunks' hashes. */
import { hash } from 'node:crypto'
import { createByteReader, createByteWriter } from './bytes.ts'
import { LumosError } from './errors.ts'
import { LIMITS } from './limits.ts'

/** SHA-256 in hex. */
export type BlobHash = string

/** Every chunk but the last has so many bytes: one frame each (docs/protocols/blob.md). */
export const BLOB_CHUNK_BYTES = 256 * 1024

export const BLOB_HASH_BYTES = 32

/**
 * The list that a blob is named after: with it each chunk is proved by itself, so that a peer that
 * lies is caught at its first wrong chunk, and what others sent before stays good.
 */
export interface BlobManifest {
  readonly hash: BlobHash
  /** Bytes of the content. */
  readonly size: number
  /** SHA-256 of each chunk, in hex. */
  readonly chunks: readonly string[]
}

/** A blob that can be read, chunk by chunk, each of them verified. */
export interface BlobReader {
  readonly manifest: BlobManifest
  /** @throws STORE_CORRUPT when the disk holds other bytes: the blob is then gone */
  read(chunk: number): Promise<Uint8Array>
  close(): Promise<void>
}

const DOMAIN = Buffer.from('lumos/blob/1')

/** @throws BLOB_TOO_LARGE */
export function blobManifest(size: number, chunks: readonly string[]): BlobManifest {
  assertFits(size)
  const bytes = manifestBytes({ size, chunks })
  return { hash: hash('sha256', Buffer.concat([DOMAIN, bytes]), 'hex'), size, chunks }
}

export function manifestBytes({ size, chunks }: Omit<BlobManifest, 'hash'>): Uint8Array {
  const writer = createByteWriter()
  writer.u48(size)
  for (const chunk of chunks) writer.hex(chunk)
  return writer.take()
}

/** @throws BLOB_INVALID when it is not that of the blob `expected` */
export function readManifest(expected: BlobHash, bytes: Uint8Array): BlobManifest {
  const reader = createByteReader(bytes, () => invalid(expected))
  const size = reader.u48()
  if (size > LIMITS.blobBytes.value) throw invalid(expected)
  const chunks = Array.from({ length: chunkCount(size) }, () => reader.hex(BLOB_HASH_BYTES))
  reader.end()
  const manifest = blobManifest(size, chunks)
  if (manifest.hash !== expected) throw invalid(expected)
  return manifest
}

export function chunkCount(size: number): number {
  return Math.ceil(size / BLOB_CHUNK_BYTES)
}

/** Bytes of the chunk of that number. */
export function chunkLength({ size }: BlobManifest, chunk: number): number {
  return Math.min(BLOB_CHUNK_BYTES, size - chunk * BLOB_CHUNK_BYTES)
}

export function hashOfChunk(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex')
}

/** Whether `bytes` are the chunk of that number. */
export function isChunk(manifest: BlobManifest, chunk: number, bytes: Uint8Array): boolean {
  return (
    bytes.length === chunkLength(manifest, chunk) && hashOfChunk(bytes) === manifest.chunks[chunk]
  )
}

export function isBlobHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}

/** @throws BLOB_TOO_LARGE */
export function assertFits(size: number): void {
  const limit = LIMITS.blobBytes.value
  if (size > limit) throw new LumosError('BLOB_TOO_LARGE', { details: { limit } })
}

function invalid(blob: BlobHash): LumosError {
  return new LumosError('BLOB_INVALID', { details: { hash: blob } })
}
