/** What went wrong with a request to a model, told without a word of the request, the answer or the key. */
import type { ErrorCode } from '../../core/errors.ts'
import { LumosError } from '../../core/errors.ts'

/** A failure before an answer began. */
export interface ModelFailure {
  readonly error: LumosError
  /** Whether the same request may well succeed a moment later. */
  readonly again: boolean
  /** As the server asks for (Retry-After), milliseconds. */
  readonly retryAfterMs?: number
}

/** As the errors of the openai package are; its classes are not loaded for this. */
interface ServerError {
  readonly status: number
  readonly headers?: { get(name: string): string | null }
  /** The server's word for it, such as `context_length_exceeded`. */
  readonly code?: unknown
}

/**
 * `cause` is left out on purpose: messages of servers quote keys and prompts, and causes are logged.
 *
 * @param model what it is called in the error: `provider/model`
 * @param now milliseconds since the epoch, for a Retry-After that is a date
 */
export function modelFailure(error: unknown, model: string, now: number): ModelFailure {
  if (error instanceof LumosError) return { error, again: false }
  return isServerError(error) ? refusal(error, model, now) : accident(error, model)
}

/** What the server said. */
function refusal({ status, headers, code }: ServerError, model: string, now: number): ModelFailure {
  const word = isWord(code) ? ` (${code})` : ''
  const told = headers?.get('x-should-retry')
  const retryAfterMs = retryAfter(headers, now)
  const failure = (name: ErrorCode, reason: string, again: boolean): ModelFailure => ({
    error: new LumosError(name, {
      details: { model, status, reason, ...(retryAfterMs !== undefined && { retryAfterMs }) }
    }),
    again: told === null || told === undefined ? again : told === 'true',
    ...(retryAfterMs !== undefined && { retryAfterMs })
  })
  switch (status) {
    case 401:
    case 403:
      return failure('MODEL_REFUSED', 'its key was refused', false)
    case 402:
      return failure('MODEL_LIMITED', 'its account has no credit', false)
    case 429:
      return /quota|billing/.test(word)
        ? failure('MODEL_LIMITED', `its quota is used up${word}`, false)
        : failure('MODEL_LIMITED', `too many requests${word}`, true)
    case 404:
      return failure('MODEL_REJECTED', `HTTP 404${word}: it may not have this model`, false)
    case 408:
    case 409:
      return failure('MODEL_FAILED', `HTTP ${status}${word}`, true)
    default:
      return status >= 500
        ? failure('MODEL_FAILED', `HTTP ${status}${word}`, true)
        : failure('MODEL_REJECTED', `HTTP ${status}${word}`, false)
  }
}

const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its host is unknown',
  EAI_AGAIN: 'no name server answers',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no network',
  ETIMEDOUT: 'its host does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'its host does not answer'
}

const BROKEN: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/** What happened on the way. */
function accident(error: unknown, model: string): ModelFailure {
  const code = errnoOf(error)
  const failure = (name: ErrorCode, reason: string, again: boolean): ModelFailure => ({
    error: new LumosError(name, { details: { model, reason } }),
    again
  })
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
    return failure('MODEL_FAILED', 'its answer is too large', false)
  }
  const obstacle = UNREACHABLE[code]
  if (obstacle !== undefined) {
    // Where nothing listens nothing will in a second, and the next model may be waiting.
    return failure('MODEL_UNREACHABLE', obstacle, code === 'ETIMEDOUT' || code === 'EAI_AGAIN')
  }
  if (BROKEN.has(code)) return failure('MODEL_FAILED', 'the connection broke', true)
  if (/CERT|TLS|SSL|ALTNAME|SIGNATURE/.test(code)) {
    return failure('MODEL_UNREACHABLE', `its certificate is not accepted (${code})`, false)
  }
  const reason =
    error instanceof SyntaxError ? 'its answer is not JSON' : 'its answer cannot be used'
  return failure('MODEL_FAILED', `${reason}${code === '' ? '' : ` (${code})`}`, false)
}

/** Of the error or what caused it, however deep. */
function errnoOf(error: unknown): string {
  let each = error
  for (let depth = 0; depth < 5 && typeof each === 'object' && each !== null; depth += 1) {
    if ('code' in each && isWord(each.code)) return each.code
    each = 'cause' in each ? each.cause : undefined
  }
  return ''
}

/** Anything longer could be a piece of the prompt. */
function isWord(code: unknown): code is string {
  return typeof code === 'string' && /^[\w.-]{1,64}$/.test(code)
}

function isServerError(error: unknown): error is ServerError {
  return (
    typeof error === 'object' &&
    error !== null &&
    'status' in error &&
    typeof error.status === 'number'
  )
}

/** Seconds or a date (RFC 9110, 10.2.3), or the milliseconds that OpenAI sends beside them. */
function retryAfter(headers: ServerError['headers'], now: number): number | undefined {
  const exact = Number(headers?.get('retry-after-ms') ?? Number.NaN)
  if (exact >= 0) return exact
  const text = headers?.get('retry-after') ?? ''
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000
  const moment = Date.parse(text)
  return Number.isNaN(moment) ? undefined : Math.max(0, moment - now)
}
