/** The kinds of answer: a document or a text before a deadline, lines or events for as long as they come. */
import type { Context } from 'hono'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { abortable } from './abortable.ts'
import { eventBody } from './event-body.ts'
import { linesBody } from './lines.ts'
import type { ControlOperations } from './operations.ts'
import type { DocumentRoute, EventsRoute, LinesRoute, RawInput, Route, TextRoute } from './route.ts'

/**
 * How long a stream may take to its first line before the answer begins without it: a failure
 * within this time (no such peer, no route) still gets an HTTP status of its own.
 */
export const FIRST_LINE_WAIT_MS = 250

export interface AnswerComponents {
  readonly operations: ControlOperations
  readonly clock: Clock
  /** Aborts when the client has gone or the node stops; its reason ends what is being answered. */
  readonly signal: AbortSignal
  readonly asFailure: (error: unknown, context: Context) => LumosError
}

export async function documentAnswer(
  parts: AnswerComponents,
  route: DocumentRoute,
  context: Context
): Promise<Response> {
  return Response.json(await inTime(parts, route, context))
}

export async function textAnswer(
  parts: AnswerComponents,
  route: TextRoute,
  context: Context
): Promise<Response> {
  const text = await inTime(parts, route, context)
  return new Response(text, { headers: { 'content-type': route.contentType } })
}

interface TimedRoute<T> extends Pick<DocumentRoute, 'body' | 'timeoutMs'> {
  readonly handle: (operations: ControlOperations, input: RawInput) => Promise<T>
}

/** @throws TIMED_OUT */
async function inTime<T>(
  { operations, clock, signal: ended }: AnswerComponents,
  route: TimedRoute<T>,
  context: Context
): Promise<T> {
  const { timeoutMs } = route
  const deadline = new AbortController()
  const stopTimer = clock.after(timeoutMs, () =>
    deadline.abort(new LumosError('TIMED_OUT', { details: { timeoutMs } }))
  )
  const signal = AbortSignal.any([ended, deadline.signal])
  try {
    const input = await inputOf(route, context, signal)
    return await abortable(route.handle(operations, input), signal)
  } finally {
    stopTimer()
  }
}

export async function linesAnswer(
  { operations, clock, signal: ended, asFailure }: AnswerComponents,
  route: LinesRoute,
  context: Context
): Promise<Response> {
  const { input, signal, close } = await beginStream(ended, route, context)
  const iterator = route.handle(operations, input)[Symbol.asyncIterator]()
  const first = iterator.next()
  const waited = new AbortController()
  try {
    await Promise.race([abortable(first, signal), clock.sleep(FIRST_LINE_WAIT_MS, waited.signal)])
  } catch (error) {
    close()
    throw error
  } finally {
    waited.abort()
  }
  const body = linesBody({
    first,
    iterator,
    signal,
    ended: close,
    asFailure: (error) => asFailure(error, context)
  })
  return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } })
}

export async function eventsAnswer(
  { operations, clock, signal: ended, asFailure }: AnswerComponents,
  route: EventsRoute,
  context: Context
): Promise<Response> {
  const { input, signal, close } = await beginStream(ended, route, context)
  const after = context.req.header('last-event-id')
  // An EventSource asks for the URL that it began with, and says in the header what it has read since.
  const query = { ...context.req.query(), ...(after !== undefined && { after }) }
  const body = eventBody({
    events: route.handle(operations, { ...input, query })[Symbol.asyncIterator](),
    signal,
    ended: close,
    clock,
    asFailure: (error) => asFailure(error, context)
  })
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream',
      // nginx would gather the events otherwise.
      'x-accel-buffering': 'no'
    }
  })
}

/** What is told for as long as somebody listens: `close` ends it, and so does `ended`. */
async function beginStream(ended: AbortSignal, route: EventsRoute | LinesRoute, context: Context) {
  const closed = new AbortController()
  const signal = AbortSignal.any([ended, closed.signal])
  const input = await inputOf(route, context, signal)
  return { input, signal, close: () => closed.abort() }
}

async function inputOf(
  route: Pick<Route, 'body'>,
  context: Context,
  signal: AbortSignal
): Promise<RawInput> {
  return {
    params: context.req.param(),
    query: context.req.query(),
    body: route.body && (await abortable(bodyOf(context), signal)),
    signal
  }
}

async function bodyOf({ req }: Context): Promise<unknown> {
  // Without this a web page could send a body without asking first (CORS "simple" requests).
  if (!/^application\/json\s*(;|$)/i.test(req.header('content-type') ?? '')) {
    throw invalid('the body must be application/json')
  }
  const text = await boundedText(req)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalid('the body is not JSON', cause)
  }
}

/** Hono's own bound makes another Request of one without a length, which Node's cannot be made of here. */
async function boundedText(req: Context['req']): Promise<string> {
  const limit = LIMITS.controlBodyBytes.value
  const told = req.header('content-length')
  if (Number(told ?? 0) > limit) throw tooLarge(Number(told), limit)
  if (told !== undefined) return req.text()
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of req.raw.body ?? []) {
    bytes += chunk.length
    if (bytes > limit) throw tooLarge(bytes, limit)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function tooLarge(bytes: number, limit: number): LumosError {
  return new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes, limit } })
}

function invalid(reason: string, cause?: unknown): LumosError {
  return new LumosError('INVALID_REQUEST', { cause, details: { reason } })
}
