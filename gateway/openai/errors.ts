/** How failures leave the door for OpenAI clients: their document, their statuses, their codes. */
import type { ErrorCode, LumosError } from '../../core/errors.ts'
import { httpStatusOf } from '../http/errors.ts'
import type { Refusal } from '../http/refusal.ts'

/** `status` decides whether they try again, `code` what they say. */
interface OpenAiFailure extends Refusal {
  readonly body: { readonly error: OpenAiError }
}

export interface OpenAiError {
  readonly message: string
  readonly type: string
  readonly param: string | null
  readonly code: string | null
}

interface Row {
  readonly status: number
  /** OpenAI's own, where it has one; else ours stands. */
  readonly code?: string
  readonly param?: string
}

const NO_MODEL: Row = { status: 404, code: 'model_not_found', param: 'model' }
const NO_ROOM: Row = { status: 429, code: 'rate_limit_exceeded' }

/** Those that say something else here than over A2A: there a failed task is an answer, here it is an error. */
const ROWS: Partial<Record<ErrorCode, Row>> = {
  AGENT_BUDGET: { status: 400 },
  AGENT_INPUT: { status: 400 },
  AGENT_UNKNOWN: NO_MODEL,
  ANSWER_REFUSED: { status: 400, code: 'content_filter' },
  API_TOKEN_REFUSED: { status: 401, code: 'invalid_api_key' },
  BUDGET_SPENT: { status: 400 },
  FORBIDDEN: { status: 403, code: 'insufficient_permissions' },
  INVALID_REQUEST: { status: 400 },
  MODEL_LIMITED: NO_ROOM,
  /** The agent's model, of which the caller knows nothing. */
  MODEL_NONE: { status: 503 },
  MODEL_REFUSED: { status: 500 },
  MODEL_REJECTED: { status: 400 },
  MODEL_UNKNOWN: { status: 500 },
  NO_ROUTE: NO_MODEL,
  OVERLOADED: NO_ROOM,
  ROUTE_UNKNOWN: { status: 404, code: 'unknown_url' },
  TASK_NOT_FOUND: { status: 404, code: 'not_found' }
}

export function openAiFailureOf(error: LumosError): OpenAiFailure {
  const { code, details } = error
  const row = ROWS[code] ?? { status: agentStatus(httpStatusOf(error)) }
  const { param = row.param ?? null } = details
  return {
    status: row.status,
    body: {
      error: {
        message: error.message,
        type: typeOf(row.status),
        param: param === null ? null : String(param),
        code: row.code ?? code
      }
    },
    // Their clients repeat whatever failed with 5xx: what an agent has done it would do once more.
    headers: row.status >= 500 && !error.retry ? { 'x-should-retry': 'false' } : {}
  }
}

/** A task that failed is no fault of the request. */
function agentStatus(status: number): number {
  return status === 422 ? 500 : status
}

function typeOf(status: number): string {
  if (status === 429) return 'rate_limit_error'
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}
