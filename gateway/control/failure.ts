/** How failures leave the control API: one document form, one HTTP status for each code. */
import type { Failure } from '../../client/api.ts'
import { ERRORS, EXIT } from '../../core/error-table.ts'
import { LumosError, toLumosError, type ErrorCode } from '../../core/errors.ts'

/** Codes whose HTTP status says more than their exit code does. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  CANCELLED: 499,
  OVERLOADED: 429,
  PAYLOAD_TOO_LARGE: 413,
  PEER_UNREACHABLE: 502,
  QUOTA_EXCEEDED: 429,
  ROUTE_UNKNOWN: 404,
  SHUTTING_DOWN: 503,
  SPACE_EXISTS: 409,
  TASK_CONFLICT: 409,
  TASK_NOT_CANCELABLE: 409,
  UNSUPPORTED_OPERATION: 501,
  VALUE_TOO_LARGE: 413
}

export function failureStatus(code: ErrorCode): number {
  const { exit, retry } = ERRORS[code]
  if (STATUS[code] !== undefined) return STATUS[code]
  if (exit === EXIT.usage || exit === EXIT.badConfig) return 400
  if (exit === EXIT.denied) return 403
  if (exit === EXIT.notFound) return 404
  if (exit === EXIT.timedOut) return 504
  if (exit === EXIT.taskFailed) return 422
  return retry ? 503 : 500
}

export function failureDocument(error: LumosError): Failure {
  return { ok: false, error: error.toWire() }
}

/** `elapsedMs`: since the request came, for a deadline that some part below did not put in words. */
export function asFailure(error: unknown, elapsedMs: number): LumosError {
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    const details = { timeoutMs: Math.round(elapsedMs) }
    return new LumosError('TIMED_OUT', { cause: error, details })
  }
  if (error instanceof DOMException && error.name === 'AbortError') {
    return new LumosError('CANCELLED', { cause: error })
  }
  return toLumosError(error)
}
