/**
 * Watches the frame headers of yamux: its decoder buffers an announced frame whole before it looks at
 * the window, so that one header that announces 4 GiB fills the memory (faults-and-libp2p.md, B2).
 */
import { WireViolation } from './wire-guard.ts'
import type { ChunkedBytes } from './wire-guard.ts'

const HEADER_BYTES = 12
const TYPE_OFFSET = 1
const LENGTH_OFFSET = 8
const TYPE_DATA = 0

export class FrameGuard {
  readonly #maxFrameBytes: number
  readonly #header = new Uint8Array(HEADER_BYTES)
  readonly #view = new DataView(this.#header.buffer)
  #have = 0
  #skip = 0

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Throws a {@link WireViolation} when a data frame announces more than any window ever granted. */
  feed(chunk: ChunkedBytes): void {
    for (const bytes of chunk instanceof Uint8Array ? [chunk] : chunk) this.#scan(bytes)
  }

  #scan(bytes: Uint8Array): void {
    let offset = 0
    while (offset < bytes.byteLength) {
      const wanted = this.#skip > 0 ? this.#skip : HEADER_BYTES - this.#have
      const end = Math.min(bytes.byteLength, offset + wanted)
      if (this.#skip > 0) this.#skip -= end - offset
      else this.#readHeader(bytes.subarray(offset, end))
      offset = end
    }
  }

  #readHeader(part: Uint8Array): void {
    this.#header.set(part, this.#have)
    this.#have += part.byteLength
    if (this.#have < HEADER_BYTES) return
    this.#have = 0
    if (this.#header[TYPE_OFFSET] !== TYPE_DATA) return
    this.#skip = this.#view.getUint32(LENGTH_OFFSET)
    if (this.#skip <= this.#maxFrameBytes) return
    throw new WireViolation(`a frame of ${this.#skip} bytes exceeds ${this.#maxFrameBytes}`)
  }
}
