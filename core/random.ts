/** The only source of randomness, so that a failing test can be replayed from its seed. */
import { randomBytes } from 'node:crypto'

export interface Random {
  /** A number in [0, 1). */
  next(): number
  /** `length` unpredictable bytes (predictable only in tests). */
  bytes(length: number): Uint8Array
}

export const systemRandom: Random = {
  // 48 bits are all a double in [0, 1) needs for picking and jitter.
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  bytes: (length) => new Uint8Array(randomBytes(length))
}
