/** Puts the chunks of a message together again, within limits. */
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'

/** Bytes that a session holds for its peer in one direction; what exceeds them is not taken. */
export class Budget {
  #used = 0

  get used(): number {
    return this.#used
  }

  /** Throws OVERLOADED. */
  take(bytes: number): void {
    if (this.#used + bytes > LIMITS.sessionBufferBytes.value) {
      throw new LumosError('OVERLOADED', { details: { retryAfterMs: 1000 } })
    }
    this.#used += bytes
  }

  release(bytes: number): void {
    this.#used -= bytes
  }
}

const NOTHING = new Uint8Array(0)

/** One message after another, each a run of chunks. */
export class Assembler {
  #buffer: Uint8Array = NOTHING
  #length = 0

  /** Whether a message has begun and not ended. */
  get open(): boolean {
    return this.#length > 0
  }

  /** The message, when `last` completes it. A message of one chunk is not copied. */
  add(chunk: Uint8Array, last: boolean): Uint8Array | undefined {
    const length = this.#length + chunk.length
    const limit = LIMITS.messageBytes.value
    if (length > limit) {
      throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes: length, limit } })
    }
    if (last && this.#length === 0) return chunk
    this.#append(chunk, length)
    if (!last) return undefined
    const message = this.#buffer.subarray(0, length)
    this.#buffer = NOTHING
    this.#length = 0
    return message
  }

  /** Doubling, because a list of chunks could be made of a million small ones. */
  #append(chunk: Uint8Array, length: number): void {
    if (length > this.#buffer.length) {
      const buffer = new Uint8Array(
        Math.min(LIMITS.messageBytes.value, Math.max(2 * length, LIMITS.chunkBytes.value))
      )
      buffer.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = buffer
    }
    this.#buffer.set(chunk, this.#length)
    this.#length = length
  }
}
