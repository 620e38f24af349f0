/** The frames of the blob protocol but for chunks, which are bare. */
import type { BlobHash, BlobManifest } from '../../core/blob.ts'
import { BLOB_HASH_BYTES, manifestBytes, readManifest } from '../../core/blob.ts'
import { createByteReader } from '../../core/bytes.ts'
import { LumosError } from '../../core/errors.ts'
import type { Answer } from './constants.ts'
import { ANSWERS } from './constants.ts'

export function encodeQuestion(hash: BlobHash): Uint8Array {
  return Buffer.from(hash, 'hex')
}

/** @throws FRAME_MALFORMED */
export function decodeQuestion(frame: Uint8Array): BlobHash {
  const reader = createByteReader(frame, malformed)
  const hash = reader.hex(BLOB_HASH_BYTES)
  reader.end()
  return hash
}

export function encodeAnswer(answer: Answer, manifest?: BlobManifest): Uint8Array {
  const head = Uint8Array.of(ANSWERS.indexOf(answer))
  return manifest === undefined ? head : Buffer.concat([head, manifestBytes(manifest)])
}

/**
 * `undefined`: the peer has it not, or no time for it.
 *
 * @throws BLOB_INVALID for a list that is not that of the blob; FRAME_MALFORMED
 */
export function decodeAnswer(hash: BlobHash, frame: Uint8Array): BlobManifest | undefined {
  const answer = ANSWERS[frame[0] ?? ANSWERS.length]
  if (answer === undefined) throw malformed('an answer is unknown')
  return answer === 'here' ? readManifest(hash, frame.subarray(1)) : undefined
}

/** From which chunk on. */
export function encodeStart(chunk: number): Uint8Array {
  const frame = Buffer.alloc(4)
  frame.writeUInt32BE(chunk)
  return frame
}

/** @throws FRAME_MALFORMED */
export function decodeStart(frame: Uint8Array, { chunks }: BlobManifest): number {
  const reader = createByteReader(frame, malformed)
  const chunk = reader.u32()
  reader.end()
  if (chunk > chunks.length) throw malformed('the blob has no such chunk')
  return chunk
}

function malformed(reason: string): LumosError {
  return new LumosError('FRAME_MALFORMED', { details: { reason: `a blob's frame: ${reason}` } })
}
