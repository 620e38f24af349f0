/** What peers say in JSON, checked before it is believed. */
import { z } from 'zod'
import { parseBoundedJson } from '../../core/bounded-json.ts'
import { fromWireError, invalidRequest, wireDetails } from '../../core/errors.ts'
import type { LumosError } from '../../core/errors.ts'
import { isJsonObject } from '../../core/json.ts'
import type { JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import { violation } from './codec.ts'
import { jsonObject } from './json-body.ts'
import type { Hello } from './session.ts'

const encoder = new TextEncoder()

/** Unknown fields are kept: newer peers may say more. */
const helloSchema = z.looseObject({
  protocol: z.string().regex(/^\d{1,4}\.\d{1,4}$/),
  swarm: z.string().min(1).max(256),
  name: z.string().min(1).max(128),
  version: z.string().min(1).max(64),
  instance: z.string().min(8).max(64),
  clock: z.number().finite(),
  fields: jsonObject
})

const wireErrorSchema = z.object({
  code: z.string().min(1).max(64),
  details: jsonObject.optional()
})

/** Characters; the peer makes its own from the code and the details. */
const MOST_MESSAGE = 512

const NO_HEADERS: JsonObject = Object.freeze({})
const NOTHING = new Uint8Array(0)

export function encodeHello(hello: Hello): Uint8Array {
  return encoder.encode(JSON.stringify(hello))
}

/** Throws PROTOCOL_VIOLATION. */
export function decodeHello(bytes: Uint8Array): Hello {
  if (bytes.length > LIMITS.helloBytes.value) throw violation('HELLO is too long')
  const hello = helloSchema.safeParse(parseJson(bytes))
  if (!hello.success) throw violation('HELLO is not valid')
  return hello.data
}

export function encodeWireError(error: LumosError): Uint8Array {
  const { code, message, details = {} } = error.toWire()
  const said = { code, message: message.slice(0, MOST_MESSAGE), details: wireDetails(details) }
  return encoder.encode(JSON.stringify(said))
}

/** Throws PROTOCOL_VIOLATION when the bytes are no error. */
export function decodeWireError(bytes: Uint8Array): LumosError {
  if (bytes.length > LIMITS.wireErrorBytes.value) throw violation('an error is too long')
  const error = wireErrorSchema.safeParse(parseJson(bytes))
  if (!error.success) throw violation('an error is not valid')
  const { code, details = {} } = error.data
  return fromWireError({ code, message: '', details: wireDetails(details) })
}

export function encodeHeaders(headers: JsonObject | undefined): Uint8Array {
  return headers === undefined ? NOTHING : encoder.encode(JSON.stringify(headers))
}

/** Throws INVALID_REQUEST: wrong headers cost their call, not the session. */
export function decodeHeaders(bytes: Uint8Array): JsonObject {
  if (bytes.length === 0) return NO_HEADERS
  const headers = parseJson(bytes)
  if (isJsonObject(headers)) return headers
  throw invalidRequest('headers are no JSON object')
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return parseBoundedJson(bytes)
  } catch {
    return undefined
  }
}
