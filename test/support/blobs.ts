/** Content of blobs for tests. */
import { BLOB_CHUNK_BYTES } from '../../core/blob.ts'
import { seededRandom } from './random.ts'

const PATTERN = Buffer.from(seededRandom(5).bytes(9973))

/** The same bytes for the same length; no two chunks are equal. */
export function content(length: number): Uint8Array {
  return Buffer.alloc(length, PATTERN)
}

export function chunksOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / BLOB_CHUNK_BYTES)
  return Array.from({ length: count }, (_, at) =>
    bytes.subarray(at * BLOB_CHUNK_BYTES, (at + 1) * BLOB_CHUNK_BYTES)
  )
}

export async function* inPieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}
