/** Makes log fields safe to write down: JSON only, bounded in every direction, without secrets. */
import { LumosError } from '../../core/errors.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import { HIDDEN, SECRET_NAME } from '../../core/secret-names.ts'
import type { LogFields } from '../../core/logger.ts'

/** An event has a few ids and numbers; whatever nests deeper or wider is a payload. */
const MAX_DEPTH = 4
const MAX_ENTRIES = 32

/** Never throws: a getter that does must not turn a log line into a failure. */
export function plainFields(fields: LogFields): JsonObject {
  try {
    return plainObject(fields, 0)
  } catch {
    return { unreadable: true }
  }
}

function plainObject(value: object, depth: number): JsonObject {
  const entries = Object.entries(value)
  const kept = entries
    .slice(0, MAX_ENTRIES)
    .map(([key, item]): [string, Json | undefined] => [
      key,
      SECRET_NAME.test(key) && typeof item !== 'number' ? HIDDEN : plain(item, depth + 1)
    ])
  if (entries.length > MAX_ENTRIES) kept.push(['…', entries.length - MAX_ENTRIES])
  return Object.fromEntries(kept)
}

function plain(value: unknown, depth: number): Json | undefined {
  switch (typeof value) {
    case 'string':
      return cut(value)
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'bigint':
    case 'symbol':
      return String(value)
    case 'object':
      return value === null ? null : plainThing(value, depth)
    case 'undefined':
    case 'function':
      return undefined
    default:
      return typeof value
  }
}

function plainThing(value: object, depth: number): Json {
  if (value instanceof Error) return plainError(value, depth)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'no date' : value.toISOString()
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`
  if (Array.isArray(value)) {
    if (depth >= MAX_DEPTH) return `<${value.length} items>`
    const items = value.slice(0, MAX_ENTRIES).map((item) => plain(item, depth + 1) ?? null)
    return value.length > MAX_ENTRIES ? [...items, `… ${value.length - MAX_ENTRIES} more`] : items
  }
  const text = ownText(value)
  if (text !== undefined) return cut(text)
  return depth >= MAX_DEPTH ? '<object>' : plainObject(value, depth)
}

function plainError(error: Error, depth: number): Json {
  if (depth > MAX_DEPTH) return cut(error.message)
  const code = 'code' in error ? plain(error.code, depth) : undefined
  const cause = error.cause === undefined ? undefined : plain(error.cause, depth + 1)
  return {
    name: error.name,
    ...(code !== undefined && { code }),
    message: cut(error.message),
    ...(error instanceof LumosError && { details: plainObject(error.details, depth) }),
    // Our own errors are told apart by code; only what nobody foresaw needs a place in the source.
    ...(!(error instanceof LumosError) && { stack: cut(error.stack ?? '') }),
    ...(cause !== undefined && { cause })
  }
}

/** Peer ids, multiaddrs, CIDs and Secret say themselves what may be shown of them. */
function ownText(value: { readonly toString?: unknown }): string | undefined {
  const { toString } = value
  if (typeof toString !== 'function' || toString === Object.prototype.toString) return undefined
  const text: unknown = Reflect.apply(toString, value, [])
  return typeof text === 'string' ? text : undefined
}

function cut(text: string): string {
  const limit = LIMITS.logTextBytes.value
  return text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length} characters)`
}
