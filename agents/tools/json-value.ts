/** Makes JSON of whatever a tool returned: tools are other people's code, and return what they like. */
import type { Json } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'

/** As deep as peers accept JSON: what comes out of a tool may travel on. */
const MAX_DEPTH = LIMITS.jsonDepth.value

/**
 * The value itself when it is plain JSON, else what JSON.stringify makes of it; `undefined` is null.
 *
 * @throws TypeError for what JSON cannot hold: circles, BigInt, more than `jsonDepth` levels
 */
export function asJson(value: unknown): Json {
  if (isPlain(value, 1)) return value
  const text: string | undefined = JSON.stringify(value)
  if (text === undefined) return null
  const copy: unknown = JSON.parse(text)
  if (isPlain(copy, 1)) return copy
  throw new TypeError(`it is deeper than ${MAX_DEPTH} levels`)
}

/** Members that are `undefined` are absent, as JSON.stringify has it. */
function isPlain(value: unknown, depth: number): value is Json {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || depth > MAX_DEPTH) return false
  if (Array.isArray(value)) return value.every((item) => isPlain(item, depth + 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in value) return false
  return Object.values(value).every((item) => item === undefined || isPlain(item, depth + 1))
}
