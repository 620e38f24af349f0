/** What a client says over `/v1/live`, checked. */
import type { ClientMessage } from '../../client/live-api.ts'
import { LumosError } from '../../core/errors.ts'
import { isJsonObject } from '../../core/json.ts'
import type { JsonObject } from '../../core/json.ts'

/** Names and places are short; what is longer is none. */
const MOST_CHARACTERS = 128

/** @throws INVALID_REQUEST for what is no message of docs/protocols/live.md */
export function clientMessage(text: string): ClientMessage {
  const message = objectIn(text)
  const { hello, alive, id, call, params = {}, after, stop } = message
  if (isJsonObject(hello)) return { hello: greetingIn(hello) }
  if (alive === true) return { alive }
  if (!isName(id)) throw invalid('a message has an id')
  if (stop === true) return { id, stop }
  if (!isName(call) || !isJsonObject(params)) throw invalid('a call has a name and parameters')
  if (after === undefined) return { id, call, params }
  if (!isName(after)) throw invalid('"after" is no place')
  return { id, call, params, after }
}

function greetingIn({ v, token }: JsonObject): { readonly v: number; readonly token?: string } {
  if (typeof v !== 'number') throw invalid('"hello" has no version')
  if (token === undefined) return { v }
  if (typeof token !== 'string') throw invalid('"token" is no text')
  return { v, token }
}

function objectIn(text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw invalid('a message is not JSON', cause)
  }
  if (!isJsonObject(value)) throw invalid('a message is a JSON object')
  return value
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MOST_CHARACTERS
}

function invalid(reason: string, cause?: unknown): LumosError {
  return new LumosError('INVALID_REQUEST', { cause, details: { reason } })
}
