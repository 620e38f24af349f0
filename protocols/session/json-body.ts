/** A small JSON body of a call, checked before use: what another node sends is bounded, and has the shape it should have. */
import type { z } from 'zod'
import { parseBoundedJson } from '../../core/bounded-json.ts'
import { invalidRequest } from '../../core/errors.ts'

/** @throws INVALID_REQUEST */
export function decodeJsonBody<T>(schema: z.ZodType<T>, bytes: Uint8Array): T {
  let value: unknown
  try {
    value = parseBoundedJson(bytes)
  } catch {
    throw invalidRequest('no JSON')
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const path = parsed.error.issues[0]?.path.join('.') ?? ''
  throw invalidRequest(`malformed at "${path}"`)
}
