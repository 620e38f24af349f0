/** The only source of randomness, so that a failing test can be replayed from its seed. */
import { randomBytes } from 'node:crypto'

export interface Random {
  /** A number in [0, 1). */
  next(): number
  /** `length` unpredictable bytes (predictable only in tests). */
  bytes(length: number): Uint8Array
}

/** A call into OpenSSL costs more than the bytes of an id: they are drawn in stocks of this size. */
const STOCK_BYTES = 4096

function createSystemRandom(): Random {
  let stock = Buffer.alloc(0)
  let used = 0

  function bytes(length: number): Uint8Array {
    if (length > STOCK_BYTES) return new Uint8Array(randomBytes(length))
    if (used + length > stock.length) {
      stock = randomBytes(STOCK_BYTES)
      used = 0
    }
    const drawn = Uint8Array.prototype.slice.call(stock, used, used + length)
    // What was given away, perhaps as a key, must not lie in memory a second time.
    stock.fill(0, used, used + length)
    used += length
    return drawn
  }

  return {
    // 48 bits are all a double in [0, 1) needs for picking and jitter.
    next: () => Buffer.from(bytes(6)).readUIntBE(0, 6) / 2 ** 48,
    bytes
  }
}

export const systemRandom: Random = createSystemRandom()
