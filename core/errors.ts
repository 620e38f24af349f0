/** The one error class, and the form in which errors travel. */
import { ERRORS } from './error-table.ts'
import { isJsonObject } from './json.ts'
import type { JsonObject } from './json.ts'

export type ErrorCode = keyof typeof ERRORS

export type ErrorDetails = Readonly<Record<string, string | number | boolean>>

/** The form in which errors cross sessions and the control API. */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly details?: ErrorDetails
}

export interface LumosErrorOptions extends ErrorOptions {
  /** Facts for logs and the wire: identifiers and numbers, never prompts, payloads or secrets. */
  readonly details?: ErrorDetails
}

export class LumosError extends Error {
  override readonly name = 'LumosError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, { details = {}, ...options }: LumosErrorOptions = {}) {
    super(fill(ERRORS[code].message, details), options)
    this.code = code
    this.details = details
  }

  get retry(): boolean {
    return ERRORS[this.code].retry
  }

  get hint(): string {
    return fill(ERRORS[this.code].hint, this.details)
  }

  toWire(): WireError {
    return { code: this.code, message: this.message, hint: this.hint, details: this.details }
  }
}

/**
 * An error without a stack: for what a peer may cause thousands of times a second. The stack was 29 µs of
 * the 58 that a refused call cost (measured, 34,000 calls), and leads to the refusal, which the code names.
 */
export function refusal(code: ErrorCode, options?: LumosErrorOptions): LumosError {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return new LumosError(code, options)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** Whoever asked is to blame; `reason` says what for, and quotes nothing of the request. */
export function invalidRequest(reason: string): LumosError {
  return new LumosError('INVALID_REQUEST', { details: { reason } })
}

/** Characters of the id of an agent; a longer one is none, and need not be repeated. */
const MOST_AGENT = 64

/** Nobody has it, or whoever asks must not know that somebody has. */
export function agentUnknown(agent: string): LumosError {
  return new LumosError('AGENT_UNKNOWN', { details: { agent: agent.slice(0, MOST_AGENT) } })
}

/** Any failure as a LumosError; what Lumos did not throw itself becomes INTERNAL with a cause. */
export function toLumosError(error: unknown): LumosError {
  if (error instanceof LumosError) return error
  return ofOtherCopy(error) ?? new LumosError('INTERNAL', { cause: error })
}

/** A hosted project has its own copy of this package, and the process that runs it another one. */
function ofOtherCopy(error: unknown): LumosError | undefined {
  if (!(error instanceof Error) || error.name !== 'LumosError') return undefined
  const code: unknown = Reflect.get(error, 'code')
  if (typeof code !== 'string' || !isErrorCode(code)) return undefined
  const details: unknown = Reflect.get(error, 'details')
  return new LumosError(code, {
    cause: error,
    details: isJsonObject(details) ? wireDetails(details) : {}
  })
}

/** Rebuilds an error that a peer or the daemon sent; an unknown code becomes INTERNAL. */
export function fromWireError({ code, details = {} }: WireError): LumosError {
  return isErrorCode(code)
    ? new LumosError(code, { details })
    : new LumosError('INTERNAL', { details: { ...details, code } })
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code)
}

/** Details that came from a peer: only flat values survive, at most 16, texts cut at 256 characters. */
export function wireDetails(value: JsonObject): ErrorDetails {
  const flat: Record<string, string | number | boolean> = {}
  for (const [name, item] of Object.entries(value).slice(0, 16)) {
    if (typeof item === 'string') flat[name] = item.slice(0, 256)
    else if (typeof item === 'number' || typeof item === 'boolean') flat[name] = item
  }
  return flat
}

function fill(template: string, details: ErrorDetails): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? '?'))
}
