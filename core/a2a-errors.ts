/** Lumos errors in the terms of A2A (JSON-RPC code, google.rpc.ErrorInfo) and back, for every edge. */
import { ERRORS } from './error-table.ts'
import { LumosError, isErrorCode, toLumosError } from './errors.ts'
import type { ErrorCode, ErrorDetails } from './errors.ts'

const A2A_DOMAIN = 'a2a-protocol.org'
const LUMOS_DOMAIN = 'urn:lumos:errors'
const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo'

/** A2A 1.0, sections 3.3.2 and 9.5: the code, the reason in ErrorInfo, and our name for it. */
const A2A_ERRORS: readonly {
  readonly code: number
  readonly reason: string
  readonly lumos: ErrorCode
}[] = [
  { code: -32001, reason: 'TASK_NOT_FOUND', lumos: 'TASK_NOT_FOUND' },
  { code: -32002, reason: 'TASK_NOT_CANCELABLE', lumos: 'TASK_NOT_CANCELABLE' },
  { code: -32003, reason: 'PUSH_NOTIFICATION_NOT_SUPPORTED', lumos: 'PUSH_NOT_SUPPORTED' },
  { code: -32004, reason: 'UNSUPPORTED_OPERATION', lumos: 'UNSUPPORTED_OPERATION' },
  { code: -32005, reason: 'CONTENT_TYPE_NOT_SUPPORTED', lumos: 'CONTENT_TYPE_UNSUPPORTED' },
  { code: -32006, reason: 'INVALID_AGENT_RESPONSE', lumos: 'AGENT_RESPONSE_INVALID' },
  {
    code: -32007,
    reason: 'EXTENDED_AGENT_CARD_NOT_CONFIGURED',
    lumos: 'EXTENDED_CARD_UNAVAILABLE'
  },
  { code: -32008, reason: 'EXTENSION_SUPPORT_REQUIRED', lumos: 'EXTENSION_REQUIRED' },
  { code: -32009, reason: 'VERSION_NOT_SUPPORTED', lumos: 'A2A_VERSION_UNSUPPORTED' },
  { code: -32700, reason: 'PARSE_ERROR', lumos: 'INVALID_REQUEST' },
  { code: -32600, reason: 'INVALID_REQUEST', lumos: 'INVALID_REQUEST' },
  { code: -32601, reason: 'METHOD_NOT_FOUND', lumos: 'UNKNOWN_METHOD' },
  { code: -32602, reason: 'INVALID_PARAMS', lumos: 'INVALID_REQUEST' },
  { code: -32603, reason: 'INTERNAL_ERROR', lumos: 'INTERNAL' }
]

export interface ErrorInfo {
  readonly '@type': string
  readonly reason: string
  readonly domain: string
  readonly metadata?: Readonly<Record<string, string>>
}

/** The `error` member of a JSON-RPC response, as A2A fills it. */
export interface A2aError {
  readonly code: number
  readonly message: string
  readonly data?: readonly ErrorInfo[]
}

/** Any failure as A2A tells it: the standard reason first, then ours with its details. */
export function toA2aError(error: unknown): A2aError {
  const { code, message, details } = toLumosError(error)
  const number = ERRORS[code].a2a
  const standard = A2A_ERRORS.find((row) => row.code === number)
  const metadata = Object.fromEntries(
    Object.entries(details).map(([name, value]) => [name, String(value)])
  )
  return {
    code: number,
    message,
    data: [
      { '@type': ERROR_INFO, reason: standard?.reason ?? 'INTERNAL_ERROR', domain: A2A_DOMAIN },
      { '@type': ERROR_INFO, reason: code, domain: LUMOS_DOMAIN, metadata }
    ]
  }
}

/** What an A2A server answered as a LumosError: by our own reason, the standard one, or the code. */
export function fromA2aError({ code, message, data = [] }: A2aError): LumosError {
  const own = data.find(({ domain, reason }) => domain === LUMOS_DOMAIN && isErrorCode(reason))
  if (own !== undefined && isErrorCode(own.reason)) {
    return new LumosError(own.reason, { details: shorten(own.metadata ?? {}) })
  }
  const reason = data.find(({ domain }) => domain === A2A_DOMAIN)?.reason
  const row =
    A2A_ERRORS.find((candidate) => candidate.reason === reason) ??
    A2A_ERRORS.find((candidate) => candidate.code === code)
  return new LumosError(row?.lumos ?? 'INTERNAL', { details: shorten({ reason: message }) })
}

function shorten(details: Readonly<Record<string, string>>): ErrorDetails {
  return Object.fromEntries(
    Object.entries(details)
      .slice(0, 16)
      .map(([name, value]) => [name, value.slice(0, 256)])
  )
}
