/** How failures leave over HTTP: one JSON-RPC error, one status, with google.rpc.ErrorInfo as A2A wants it. */
import { ERRORS } from '../../core/error-table.ts'
import type { ErrorCode, LumosError } from '../../core/errors.ts'
import { failureStatus } from '../control/failure.ts'

/** Names of the errors of A2A 1.0 (section 5.4) by their JSON-RPC code, with their HTTP status. */
const A2A_ERRORS: ReadonlyMap<number, readonly [reason: string, status: number]> = new Map([
  [-32_001, ['TASK_NOT_FOUND', 404]],
  [-32_002, ['TASK_NOT_CANCELABLE', 400]],
  [-32_003, ['PUSH_NOTIFICATION_NOT_SUPPORTED', 400]],
  [-32_004, ['UNSUPPORTED_OPERATION', 400]],
  [-32_005, ['CONTENT_TYPE_NOT_SUPPORTED', 400]],
  [-32_006, ['INVALID_AGENT_RESPONSE', 500]],
  [-32_007, ['EXTENDED_AGENT_CARD_NOT_CONFIGURED', 400]],
  [-32_008, ['EXTENSION_SUPPORT_REQUIRED', 400]],
  [-32_009, ['VERSION_NOT_SUPPORTED', 400]]
])

/** Failures to come in, which the exit code does not tell from not being allowed something. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  API_TOKEN_REFUSED: 401,
  JWT_REFUSED: 401,
  CERTIFICATE_REFUSED: 401,
  AUTH_RATE_LIMITED: 429,
  HOST_REFUSED: 403,
  ORIGIN_REFUSED: 403
}

/** By HTTP status: what google.rpc.Status calls it. */
const RPC_STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'UNIMPLEMENTED',
  409: 'ABORTED',
  413: 'OUT_OF_RANGE',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED'
}

const INVALID_PARAMS = -32_602

export interface RpcError {
  readonly code: number
  readonly message: string
  readonly data: readonly object[]
}

/** `isParams`: the envelope was right, so that what is invalid are its parameters. */
export function rpcErrorOf(error: LumosError, { isParams = false } = {}): RpcError {
  const code = isParams && error.code === 'INVALID_REQUEST' ? INVALID_PARAMS : codeOf(error)
  return { code, message: error.message, data: [errorInfo(error)] }
}

export function httpStatusOf(error: LumosError): number {
  const own = STATUS[error.code]
  if (own !== undefined) return own
  return A2A_ERRORS.get(codeOf(error))?.[1] ?? failureStatus(error.code)
}

/** The body of a failed request of the HTTP+JSON binding: google.rpc.Status. */
export function restErrorOf(error: LumosError): object {
  const code = httpStatusOf(error)
  const status = RPC_STATUS[code] ?? 'INTERNAL'
  return { error: { code, status, message: error.message, details: [errorInfo(error)] } }
}

function codeOf({ code }: LumosError): number {
  return ERRORS[code].a2a
}

/** Details are ids and numbers (core/errors.ts): nothing that somebody said. */
function errorInfo(error: LumosError): object {
  const known = A2A_ERRORS.get(codeOf(error))
  const details = Object.entries(error.details).map(([name, value]) => [name, String(value)])
  return {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: known?.[0] ?? error.code,
    domain: known === undefined ? 'lumos' : 'a2a-protocol.org',
    metadata: Object.fromEntries([...details, ['code', error.code], ['hint', error.hint]])
  }
}
