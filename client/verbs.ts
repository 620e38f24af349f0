/** How calls of the control API are made: one document or a stream of lines, with deadlines and failures. */
import { fromWireError, LumosError, type WireError } from '../core/errors.ts'
import { readDocument, readLines } from './ndjson.ts'
import type { Transport, TransportRequest } from './transport.ts'

/** The daemon answers from memory; only a daemon in trouble takes longer. */
const CALL_TIMEOUT_MS = 10_000
/** Calls for which the daemon asks the network, under deadlines of its own that are shorter. */
const NETWORK_CALL_TIMEOUT_MS = 45_000

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Deadline for the whole answer; for a stream, until it opens. */
  readonly timeoutMs?: number
}

export interface Verbs {
  readonly get: <T>(path: string, options?: CallOptions) => Promise<T>
  /** The whole answer, of another form. */
  readonly text: (path: string, options?: CallOptions) => Promise<string>
  readonly post: <T>(path: string, body: object, options?: CallOptions) => Promise<T>
  /** @yields one document a line */
  readonly stream: <T>(request: TransportRequest, options?: CallOptions) => AsyncGenerator<T>
  /** @yields an answer as it comes, for those of another form */
  readonly body: (request: TransportRequest, options?: CallOptions) => AsyncGenerator<Uint8Array>
}

export function createVerbs(transport: Transport): Verbs {
  async function once<T>(request: TransportRequest, options: CallOptions = {}): Promise<T> {
    const deadline = createDeadline(options, true)
    try {
      const response = await transport({ ...request, signal: deadline.signal })
      const document = await readDocument(response.body)
      throwFailure(response.status, document)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sent by this user's own daemon, whose schemas check it; zod stays out of clients
      return document as T
    } catch (error) {
      throw deadline.translate(error)
    }
  }

  async function* body(
    request: TransportRequest,
    options: CallOptions = {}
  ): AsyncGenerator<Uint8Array> {
    const deadline = createDeadline(options, false)
    try {
      const answer = await transport({ ...request, signal: deadline.signal })
      deadline.met()
      if (answer.status >= 400) throwFailure(answer.status, await readDocument(answer.body))
      yield* answer.body
    } catch (error) {
      throw deadline.translate(error)
    }
  }

  async function text(path: string, options?: CallOptions): Promise<string> {
    const decoder = new TextDecoder()
    let whole = ''
    for await (const piece of body({ method: 'GET', path }, options)) {
      whole += decoder.decode(piece, { stream: true })
    }
    return whole + decoder.decode()
  }

  async function* stream<T>(request: TransportRequest, options?: CallOptions): AsyncGenerator<T> {
    for await (const line of readLines(body(request, options))) {
      throwFailure(200, line)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
      yield line as T
    }
  }

  return {
    get: (path, options) => once({ method: 'GET', path }, options),
    text,
    post: (path, document, options) =>
      once({ method: 'POST', path, body: JSON.stringify(document) }, options),
    stream,
    body
  }
}

/** Joins the caller's signal with a deadline; `met` lifts the deadline once a stream is open. */
function createDeadline({ signal, timeoutMs = CALL_TIMEOUT_MS }: CallOptions, whole: boolean) {
  const timer = AbortSignal.timeout(timeoutMs)
  const stop = new AbortController()
  let lifted = false
  timer.addEventListener('abort', () => {
    if (!lifted) stop.abort(timer.reason)
  })
  return {
    signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
    met() {
      lifted = !whole
    },
    translate(error: unknown): unknown {
      if (signal?.aborted) return signal.reason
      if (!stop.signal.aborted) return error
      return new LumosError('TIMED_OUT', { cause: error, details: { timeoutMs } })
    }
  }
}

function throwFailure(status: number, document: unknown): void {
  if (isFailure(document)) throw fromWireError(document.error)
  if (status >= 400 || document === undefined) {
    throw new LumosError('INTERNAL', { details: { status } })
  }
}

function isFailure(value: unknown): value is { readonly error: WireError } {
  return typeof value === 'object' && value !== null && 'ok' in value && value.ok === false
}

/** For calls that wait for peers. */
export function overNetwork(options?: CallOptions): CallOptions {
  return { timeoutMs: NETWORK_CALL_TIMEOUT_MS, ...options }
}

export function query(
  values: Readonly<Record<string, string | number | boolean | undefined>>
): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) given.set(name, String(value))
  }
  return given.size === 0 ? '' : `?${given.toString()}`
}

export function encode(text: string): string {
  return encodeURIComponent(text)
}
