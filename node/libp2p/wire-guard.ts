/**
 * Watches the bytes of a link or stream for the two floods that freeze or fill js-libp2p.
 *
 * libp2p reads lengths one byte at a time and checks their size only once they decode, so 64 KiB of
 * 0xff block the event loop for a second. The guard sees the same bytes first and refuses the third.
 */

/**
 * What follows a negotiated protocol: messages behind a varint of at most `maxBytes`, or our own
 * framing. After `messages` of them the stream is a link of its own, which is watched where it ends.
 */
export type Framing = { readonly maxBytes: number; readonly messages?: number } | 'opaque'

/**
 * Decides whether `line` ends the negotiation; `undefined` means that the peers still bargain.
 * `isEcho`: we proposed it and the peer takes it, which ends it whatever we serve ourselves.
 */
export type Agreement = (line: string, isEcho?: boolean) => Framing | undefined

export type ChunkedBytes = Uint8Array | Iterable<Uint8Array>

export class WireViolation extends Error {
  override readonly name = 'WireViolation'
}

/** No fault of the stream's: its peer is not on the members list, and may learn so without harm. */
export class StrangerRefused extends Error {
  override readonly name = 'StrangerRefused'
}

const HEADER = lengthPrefixed('/multistream/1.0.0')
/** multistream-select reads at most this in one line (MAX_PROTOCOL_LENGTH). */
const LINE_BYTES = 1024
/** Proposals in one negotiation; our services propose four at most. */
const MAX_LINES = 32
const CONTINUES = 0x80
const LOW_BITS = 0x7f
/** Four bytes carry 2^28 - 1, above every length that we accept. */
const MAX_LENGTH_BYTES = 4
/** A line of 1024 bytes needs two. */
const MAX_LINE_LENGTH_BYTES = 2

/** Watches one direction of a stream that begins with multistream-select. */
export class WireGuard {
  readonly #agree: Agreement
  readonly #onGreeted: () => void
  #greeting = 0
  #framing: Framing | undefined
  #lines = 0
  #messages = 0
  #line: number[] = []
  #length = 0
  #lengthBytes = 0
  /** Bytes of the current message still to come; `undefined` while its length is being read. */
  #left: number | undefined

  constructor(agree: Agreement, onGreeted: () => void = () => undefined) {
    this.#agree = agree
    this.#onGreeted = onGreeted
  }

  /** False from the moment nothing is left to watch. */
  get watching(): boolean {
    return this.#framing !== 'opaque'
  }

  /** True once the multistream header has been seen whole. */
  get greeted(): boolean {
    return this.#greeting === HEADER.byteLength
  }

  /** Throws a {@link WireViolation} at the first byte that no honest peer sends. */
  feed(chunk: ChunkedBytes): void {
    for (const bytes of chunk instanceof Uint8Array ? [chunk] : chunk) this.#scan(bytes)
  }

  #scan(bytes: Uint8Array): void {
    let offset = 0
    while (offset < bytes.byteLength && this.watching) {
      if (!this.greeted) this.#greet(bytes[offset++] ?? 0)
      else if (this.#left === undefined) this.#readLength(bytes[offset++] ?? 0)
      else offset = this.#readMessage(bytes, offset, this.#left)
    }
  }

  #greet(byte: number): void {
    if (byte !== HEADER[this.#greeting]) throw new WireViolation('no multistream header')
    this.#greeting++
    if (this.greeted) this.#onGreeted()
  }

  #readLength(byte: number): void {
    const negotiating = this.#framing === undefined
    this.#length += (byte & LOW_BITS) * 2 ** (7 * this.#lengthBytes)
    this.#lengthBytes++
    if (byte >= CONTINUES) {
      const most = negotiating ? MAX_LINE_LENGTH_BYTES : MAX_LENGTH_BYTES
      if (this.#lengthBytes >= most) throw new WireViolation('a length does not end')
      return
    }
    const most = typeof this.#framing === 'object' ? this.#framing.maxBytes : LINE_BYTES
    if (this.#length > most) throw new WireViolation(`length ${this.#length} exceeds ${most}`)
    this.#left = this.#length === 0 ? undefined : this.#length
    this.#length = 0
    this.#lengthBytes = 0
  }

  /** Consumes message bytes from `offset` on; returns where the rest begins. */
  #readMessage(bytes: Uint8Array, offset: number, left: number): number {
    const end = Math.min(bytes.byteLength, offset + left)
    const negotiating = this.#framing === undefined
    if (negotiating) this.#line.push(...bytes.subarray(offset, end))
    this.#left = end - offset === left ? undefined : left - (end - offset)
    if (this.#left !== undefined) return end
    if (negotiating) this.#endLine()
    else this.#endMessage()
    return end
  }

  #endMessage(): void {
    this.#messages++
    const most = typeof this.#framing === 'object' ? this.#framing.messages : undefined
    if (this.#messages === most) this.#framing = 'opaque'
  }

  #endLine(): void {
    const text = Buffer.from(this.#line).toString().trimEnd()
    this.#line = []
    this.#framing = this.#agree(text)
    if (this.#framing !== undefined) return
    if (++this.#lines > MAX_LINES) throw new WireViolation('endless negotiation')
  }
}

function lengthPrefixed(line: string): Uint8Array {
  const bytes = Buffer.from(`${line}\n`)
  return Uint8Array.of(bytes.byteLength, ...bytes)
}
