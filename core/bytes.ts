/** Reads and writes the fixed binary layouts of records and messages; what does not fit them to the byte is refused. */

/** Why bytes are refused; made into an error by the document that is read. */
export type Refuse = (reason: string) => Error

export interface ByteReader {
  u8(): number
  u16(): number
  u32(): number
  u48(): number
  bytes(length: number): Uint8Array
  hex(length: number): string
  /** UTF-8 that is well-formed and holds no control characters. */
  text(length: number): string
  /** Nothing may be left over: two encodings of one thing would be two things. */
  end(): void
}

// C0, DEL and C1: a key that moves the cursor of whoever prints it is an attack.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Views, not copies, of `bytes`. Every method throws what `refuse` makes when the bytes do not fit. */
export function createByteReader(bytes: Uint8Array, refuse: Refuse): ByteReader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let offset = 0

  function take(length: number): Buffer {
    const end = offset + length
    if (end > buffer.length) throw refuse('it ends too early')
    const part = buffer.subarray(offset, end)
    offset = end
    return part
  }

  return {
    u8: () => take(1).readUInt8(),
    u16: () => take(2).readUInt16BE(),
    u32: () => take(4).readUInt32BE(),
    u48: () => take(6).readUIntBE(0, 6),
    bytes: take,
    hex: (length) => take(length).toString('hex'),
    text(length) {
      const part = take(length)
      let text
      try {
        text = DECODER.decode(part)
      } catch {
        throw refuse('a text is not UTF-8')
      }
      if (!isPlainText(text)) throw refuse('a text holds control characters')
      return text
    },
    end() {
      if (offset !== buffer.length) throw refuse('bytes are left over')
    }
  }
}

/** Text that the formats can hold: well-formed, without control characters. */
export function isPlainText(text: string): boolean {
  return text.isWellFormed() && !CONTROL.test(text)
}

export interface ByteWriter {
  u8(value: number): void
  u16(value: number): void
  u32(value: number): void
  u48(value: number): void
  bytes(value: Uint8Array): void
  hex(value: string): void
  /** All that was written. */
  take(): Buffer
}

export function createByteWriter(): ByteWriter {
  const parts: Uint8Array[] = []

  function number(value: number, length: number): void {
    const part = Buffer.allocUnsafe(length)
    part.writeUIntBE(value, 0, length)
    parts.push(part)
  }

  return {
    u8: (value) => number(value, 1),
    u16: (value) => number(value, 2),
    u32: (value) => number(value, 4),
    u48: (value) => number(value, 6),
    bytes: (value) => void parts.push(value),
    hex: (value) => void parts.push(Buffer.from(value, 'hex')),
    take: () => Buffer.concat(parts)
  }
}
