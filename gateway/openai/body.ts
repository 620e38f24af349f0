/** Reads what OpenAI clients send: JSON within bounds, checked, and refused with the name of what is wrong. */
import type { z } from 'zod'
import { firstFlaw } from '../../agents/llm/chat-schema.ts'
import { LumosError } from '../../core/errors.ts'
import { isJsonObject } from '../../core/json.ts'
import { readJsonBody } from '../http/request.ts'
import type { HttpRequest } from '../http/request.ts'

/** JSON of bounded depth and size. @throws INVALID_REQUEST */
export type ParseJson = (bytes: Uint8Array) => unknown

/** @throws INVALID_REQUEST with the `param`, PAYLOAD_TOO_LARGE, CONTENT_TYPE_UNSUPPORTED */
export async function readBody<T>(
  request: HttpRequest,
  parse: ParseJson,
  schema: z.ZodType<T>
): Promise<T> {
  const bytes = await readJsonBody(request)
  const read = schema.safeParse(withoutNulls(parse(bytes ?? new Uint8Array())))
  if (read.success) return read.data
  const { path, message } = firstFlaw(read.error)
  throw unfit(path.replaceAll(/\.(\d+)/g, '[$1]'), message)
}

/** OpenAI takes a member that is null for one that is not there, and some clients send them all. */
function withoutNulls(value: unknown): unknown {
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null))
}

/** What is wrong with a member of the request: `tools[0].type`. */
export function unfit(param: string, reason: string): LumosError {
  const told = param === '' ? reason : `${param}: ${reason}`
  return new LumosError('INVALID_REQUEST', {
    details: { reason: told.slice(0, 256), ...(param !== '' && { param: param.slice(0, 128) }) }
  })
}
