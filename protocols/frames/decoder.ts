/** Cuts received bytes into frames; whole frames within one chunk are not copied. */
import { LumosError } from '../../core/errors.ts'
import { END_MARK, LENGTH_BYTES } from './constants.ts'

/** First allocation for a frame that spans chunks: an announced length alone must cost nothing. */
const FIRST_PART_BYTES = 4096

const NOTHING = new Uint8Array(0)

/** Give it a chunk, take frames until there is none, give it the next chunk. */
export class FrameDecoder {
  readonly #maxFrameBytes: number
  #chunk: Uint8Array = NOTHING
  #at = 0
  #header = 0
  #headerBytes = 0
  /** Length of the frame that spans chunks; -1 when none does. */
  #length = -1
  #part: Uint8Array = NOTHING
  #partBytes = 0
  #ended = false

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** True after the end mark. */
  get ended(): boolean {
    return this.#ended
  }

  /** Only after {@link next} returned `undefined`. The decoder keeps `chunk`; do not reuse it. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#at = 0
  }

  /** The next frame, perhaps a view of the chunk. Throws FRAME_TOO_LARGE and FRAME_MALFORMED. */
  next(): Uint8Array | undefined {
    if (this.#length < 0 && !this.#readLength()) return undefined
    const rest = this.#chunk.length - this.#at
    const missing = this.#length - this.#partBytes
    if (this.#partBytes === 0 && rest >= missing) return this.#take(missing)
    this.#keep(Math.min(rest, missing))
    if (this.#partBytes < this.#length) return undefined
    const frame = this.#part.subarray(0, this.#length)
    this.#length = -1
    this.#part = NOTHING
    this.#partBytes = 0
    return frame
  }

  #take(length: number): Uint8Array {
    const frame = this.#chunk.subarray(this.#at, this.#at + length)
    this.#at += length
    this.#length = -1
    return frame
  }

  #readLength(): boolean {
    while (this.#at < this.#chunk.length) {
      if (this.#ended)
        throw new LumosError('FRAME_MALFORMED', { details: { reason: 'bytes after the end' } })
      this.#header = ((this.#header << 8) | (this.#chunk[this.#at++] ?? 0)) >>> 0
      if (++this.#headerBytes < LENGTH_BYTES) continue
      const length = this.#header
      this.#header = 0
      this.#headerBytes = 0
      if (length === END_MARK) {
        this.#ended = true
        continue
      }
      if (length > this.#maxFrameBytes) {
        throw new LumosError('FRAME_TOO_LARGE', {
          details: { bytes: length, limit: this.#maxFrameBytes }
        })
      }
      this.#length = length
      return true
    }
    return false
  }

  /** Memory follows the bytes that arrived, fourfold, never the length that was announced. */
  #keep(count: number): void {
    const needed = this.#partBytes + count
    if (needed > this.#part.length) {
      const size = Math.min(this.#length, Math.max(FIRST_PART_BYTES, 4 * needed))
      const part = Buffer.allocUnsafeSlow(size)
      part.set(this.#part.subarray(0, this.#partBytes))
      this.#part = part
    }
    this.#part.set(this.#chunk.subarray(this.#at, this.#at + count), this.#partBytes)
    this.#partBytes = needed
    this.#at += count
  }
}
