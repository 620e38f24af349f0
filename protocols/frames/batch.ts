/** Collects the frames of one tick in one buffer, so that they become one write. */
import { LENGTH_BYTES } from './constants.ts'

/** A quiet stream holds no more than this. */
const FIRST_SLAB_BYTES = 1024

/** Larger than what a tick usually holds, small enough to be pinned by the last frame in it. */
const MAX_SLAB_BYTES = 64 * 1024

/** Frames that are written together. The slab is shared by following batches, never rewritten. */
export class FrameBatch {
  /** Where frames are written; read it again after every {@link reserve}. */
  bytes: Buffer = Buffer.allocUnsafeSlow(0)
  #slabBytes = FIRST_SLAB_BYTES
  #start = 0
  #end = 0

  get byteLength(): number {
    return this.#end - this.#start
  }

  /** Begins a frame of `length` bytes and returns the offset in `bytes` at which to write them. */
  reserve(length: number): number {
    const size = LENGTH_BYTES + length
    if (this.#end + size > this.bytes.length) this.#grow(size)
    const at = this.#end
    this.bytes.writeUInt32BE(length, at)
    this.#end = at + size
    return at + LENGTH_BYTES
  }

  /** All frames since the last call, or `undefined` when there are none. */
  take(): Uint8Array | undefined {
    if (this.#start === this.#end) return undefined
    const taken = this.bytes.subarray(this.#start, this.#end)
    this.#start = this.#end
    return taken
  }

  #grow(size: number): void {
    const pending = this.byteLength
    const bytes = Buffer.allocUnsafeSlow(Math.max(this.#slabBytes, 2 * (pending + size)))
    this.#slabBytes = Math.min(2 * this.#slabBytes, MAX_SLAB_BYTES)
    this.bytes.copy(bytes, 0, this.#start, this.#end)
    this.bytes = bytes
    this.#start = 0
    this.#end = pending
  }
}
