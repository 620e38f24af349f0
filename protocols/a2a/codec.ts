/** Turns A2A documents into bytes and back; what a peer sent is bounded and checked before use. */
import type { z } from 'zod'
import { parseBoundedJson } from '../../core/bounded-json.ts'
import { LumosError } from '../../core/errors.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'

/** JSON in UTF-8. `value` must be plain data. */
export function encode(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

/** Who is to blame when a document is not valid: the caller for a request, the worker for the rest. */
export type Blame = Extract<ErrorCode, 'INVALID_REQUEST' | 'AGENT_RESPONSE_INVALID'>

/** Throws `blame` when `bytes` are not JSON, too deep, too large or not what `schema` describes. */
export function decode<T>(bytes: Uint8Array, schema: z.ZodType<T>, blame: Blame): T {
  return checkDocument(parseJson(bytes, blame), schema, blame)
}

/** The second half of {@link decode}. */
export function checkDocument<T>(value: unknown, schema: z.ZodType<T>, blame: Blame): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  // The path only: zod's messages may quote what the peer wrote.
  throw invalid(blame, `"${issue?.path.join('.') || 'the document'}" is malformed`)
}

/** The first half of {@link decode}: a JSON value of bounded depth and size. */
export function parseJson(bytes: Uint8Array, blame: Blame): unknown {
  let value: unknown
  try {
    value = parseBoundedJson(bytes)
  } catch (error) {
    const reason = error instanceof RangeError ? error.message : 'it is not JSON in UTF-8'
    throw invalid(blame, reason)
  }
  if (!isBounded(value)) {
    const { jsonDepth, jsonNodes } = LIMITS
    throw invalid(
      blame,
      `it nests deeper than ${jsonDepth.value} or has over ${jsonNodes.value} values`
    )
  }
  return value
}

/** Whether a value's depth and number of members are within LIMITS. */
function isBounded(value: unknown): boolean {
  let left: number = LIMITS.jsonNodes.value
  function visit(item: unknown, depth: number): boolean {
    left -= 1
    if (typeof item !== 'object' || item === null) return left >= 0
    if (depth === 0 || left < 0) return false
    const children: readonly unknown[] = Array.isArray(item) ? item : Object.values(item)
    return children.every((child) => visit(child, depth - 1))
  }
  return visit(value, LIMITS.jsonDepth.value)
}

function invalid(blame: Blame, reason: string): LumosError {
  return new LumosError(blame, { details: { reason } })
}
