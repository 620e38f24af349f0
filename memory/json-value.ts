/** Values as people and agents use them: JSON, as UTF-8 text in the record. */
import type { Json } from '../core/json.ts'

/** A writer of one deep value must not overflow the stack of whoever prints it. */
const MOST_NESTED = 64
const ENCODER = new TextEncoder()
const DECODER = new TextDecoder()

/** @throws TypeError for what is no JSON, or nested too deeply */
export function encodeValue(value: Json): Uint8Array {
  if (!isJson(value, MOST_NESTED)) {
    throw new TypeError(`a value must be JSON, at most ${MOST_NESTED} levels deep`)
  }
  return ENCODER.encode(JSON.stringify(value))
}

/** What somebody wrote in another form is a string: its bytes as UTF-8. */
export function decodeValue(bytes: Uint8Array): Json {
  const text = DECODER.decode(bytes)
  try {
    const value: unknown = JSON.parse(text)
    return isJson(value, MOST_NESTED) ? value : text
  } catch {
    return text
  }
}

function isJson(value: unknown, levels: number): value is Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || levels === 0) return false
  if (Array.isArray(value)) return value.every((item) => isJson(item, levels - 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  return Object.values(value).every((item) => item === undefined || isJson(item, levels - 1))
}
