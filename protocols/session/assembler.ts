/** Puts the chunks of a message together again, within limits. */
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'

/** Bytes held for peers; what exceeds them is not taken. */
export class Budget {
  readonly #limit: number
  readonly #shared: Budget | undefined
  #used = 0

  /** @param shared - must have room as well: what several budgets have together */
  constructor(limit: number, shared?: Budget) {
    this.#limit = limit
    this.#shared = shared
  }

  get used(): number {
    return this.#used
  }

  /** Throws OVERLOADED. */
  take(bytes: number): void {
    if (this.#used + bytes > this.#limit) {
      throw new LumosError('OVERLOADED', { details: { retryAfterMs: 1000 } })
    }
    this.#shared?.take(bytes)
    this.#used += bytes
  }

  release(bytes: number): void {
    this.#used -= bytes
    this.#shared?.release(bytes)
  }
}

/** Chunks from this size on are kept as they came; smaller ones could pin sixty times their size. */
const LARGE_CHUNK_BYTES = 16 * 1024

/** One message after another, each a run of chunks. */
export class Assembler {
  readonly #limit: number
  #parts: Uint8Array[] = []
  #length = 0
  /** Collects small chunks. */
  #tail: Buffer | undefined
  #tailBytes = 0

  /** @param limit - bytes of one message */
  constructor(limit = LIMITS.messageBytes.value) {
    this.#limit = limit
  }

  /** Whether a message has begun and not ended. */
  get open(): boolean {
    return this.#length > 0
  }

  /** The message, when `last` completes it. A message of one chunk is not copied. */
  add(chunk: Uint8Array, last: boolean): Uint8Array | undefined {
    const length = this.#length + chunk.length
    const limit = this.#limit
    if (length > limit) {
      throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes: length, limit } })
    }
    if (last && this.#length === 0) return chunk
    this.#length = length
    if (chunk.length < LARGE_CHUNK_BYTES) this.#collect(chunk)
    else this.#keep(chunk)
    return last ? this.#take() : undefined
  }

  #keep(chunk: Uint8Array): void {
    this.#flushTail()
    this.#parts.push(chunk)
  }

  #collect(chunk: Uint8Array): void {
    if (this.#tailBytes + chunk.length > LIMITS.chunkBytes.value) this.#flushTail()
    this.#tail ??= Buffer.allocUnsafeSlow(LIMITS.chunkBytes.value)
    this.#tail.set(chunk, this.#tailBytes)
    this.#tailBytes += chunk.length
  }

  #flushTail(): void {
    if (this.#tail === undefined || this.#tailBytes === 0) return
    this.#parts.push(Uint8Array.prototype.slice.call(this.#tail, 0, this.#tailBytes))
    this.#tailBytes = 0
  }

  #take(): Uint8Array {
    this.#flushTail()
    const { buffer, byteOffset } = Buffer.concat(this.#parts, this.#length)
    const message = new Uint8Array(buffer, byteOffset, this.#length)
    this.#parts = []
    this.#length = 0
    this.#tail = undefined
    return message
  }
}
