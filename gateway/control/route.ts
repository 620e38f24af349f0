/** The form of one route: enough to serve it, to check what comes in, and to document it. */
import type { z } from 'zod'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { asFailure } from './failure.ts'
import type { ControlOperations } from './operations.ts'

/** What a handler gets: parsed and typed. */
interface RouteInput<P, Q, B> {
  readonly params: P
  readonly query: Q
  readonly body: B
  /** See {@link ControlOperations}. */
  readonly signal: AbortSignal
}

interface RouteSpec<P, Q, B, A> {
  readonly method: 'GET' | 'POST'
  /** OpenAPI form: `/v1/tasks/{id}`. */
  readonly path: string
  /** Unique; also the name of a generated client's method. */
  readonly id: string
  readonly summary: string
  readonly params?: z.ZodType<P>
  readonly query?: z.ZodType<Q>
  readonly body?: z.ZodType<B>
  readonly answer: z.ZodType<A>
  /**
   * What it is done to, for the audit log: a name, never content. Without it that is the first word
   * of the path. False for a POST that changes nothing.
   */
  readonly audit?: false | ((input: RouteInput<P, Q, B>) => string)
}

interface DocumentSpec<P, Q, B, A> extends RouteSpec<P, Q, B, A> {
  /** Milliseconds for the answer; `controlRequest` without it. */
  readonly timeoutMs?: number
  readonly handle: (operations: ControlOperations, input: RouteInput<P, Q, B>) => Promise<A>
}

interface LinesSpec<P, Q, B, A> extends RouteSpec<P, Q, B, A> {
  readonly handle: (operations: ControlOperations, input: RouteInput<P, Q, B>) => AsyncIterable<A>
}

interface RouteBase {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly id: string
  readonly summary: string
  readonly params: z.ZodType | undefined
  readonly query: z.ZodType | undefined
  readonly body: z.ZodType | undefined
  readonly answer: z.ZodType
}

/** What an event is, and where it stands among the others. */
interface Placed<A> {
  readonly event: A
  readonly place: string
}

interface EventsSpec<P, Q, B, A> extends RouteSpec<P, Q, B, A> {
  readonly handle: (
    operations: ControlOperations,
    input: RouteInput<P, Q, B>
  ) => AsyncIterable<Placed<A>>
}

/** A request as it came: the route's schemas have not seen it yet. */
export type RawInput = RouteInput<unknown, unknown, unknown>

export interface DocumentRoute extends RouteBase {
  readonly kind: 'document'
  readonly timeoutMs: number
  readonly handle: (operations: ControlOperations, input: RawInput) => Promise<unknown>
}

export interface LinesRoute extends RouteBase {
  readonly kind: 'lines'
  readonly handle: (operations: ControlOperations, input: RawInput) => AsyncIterable<unknown>
}

export interface EventsRoute extends RouteBase {
  readonly kind: 'events'
  readonly handle: (operations: ControlOperations, input: RawInput) => AsyncIterable<Placed<object>>
}

/** For those who read neither JSON nor events. */
export interface TextRoute extends RouteBase {
  readonly kind: 'text'
  readonly timeoutMs: number
  readonly contentType: string
  readonly handle: (operations: ControlOperations, input: RawInput) => Promise<string>
}

export type Route = DocumentRoute | EventsRoute | LinesRoute | TextRoute

/** A route that answers with one JSON document. */
export function documentRoute<A, P = unknown, Q = unknown, B = unknown>(
  spec: DocumentSpec<P, Q, B, A>
): DocumentRoute {
  return {
    ...baseOf(spec),
    kind: 'document',
    timeoutMs: spec.timeoutMs ?? LIMITS.controlRequest.value,
    handle: async (operations, input) => {
      const checked = parsed(spec, input)
      const note = noteOf(spec, checked, operations)
      try {
        const answer = await spec.handle(operations, checked)
        note()
        return answer
      } catch (error) {
        note(asFailure(error, 0).code)
        throw error
      }
    }
  }
}

interface TextSpec<P, Q, B> extends RouteSpec<P, Q, B, string> {
  readonly contentType: string
  readonly handle: (operations: ControlOperations, input: RouteInput<P, Q, B>) => Promise<string>
}

/** A route that answers with a text of a form of its own. */
export function textRoute<P = unknown, Q = unknown, B = unknown>(
  spec: TextSpec<P, Q, B>
): TextRoute {
  return {
    ...baseOf(spec),
    kind: 'text',
    timeoutMs: LIMITS.controlRequest.value,
    contentType: spec.contentType,
    handle: (operations, input) => spec.handle(operations, parsed(spec, input))
  }
}

/** A route that answers with JSON documents, one a line (NDJSON), until there are no more. */
export function linesRoute<A, P = unknown, Q = unknown, B = unknown>(
  spec: LinesSpec<P, Q, B, A>
): LinesRoute {
  return {
    ...baseOf(spec),
    kind: 'lines',
    handle: (operations, input) => {
      const checked = parsed(spec, input)
      noteOf(spec, checked, operations)()
      return spec.handle(operations, checked)
    }
  }
}

/** A route that answers with server-sent events; `after` of its query is also the header Last-Event-ID. */
export function eventsRoute<A extends object, P = unknown, Q = unknown, B = unknown>(
  spec: EventsSpec<P, Q, B, A>
): EventsRoute {
  return {
    ...baseOf(spec),
    kind: 'events',
    handle: (operations, input) => spec.handle(operations, parsed(spec, input))
  }
}

/** A name longer than this is none. */
const MAX_NAME = 128

/**
 * Writes that the user of this machine did it, whether or not something came of it: the one place
 * where that happens. What was refused before, as no valid request, was not done.
 */
function noteOf<P, Q, B, A>(
  { id, method, audit }: RouteSpec<P, Q, B, A>,
  input: RouteInput<P, Q, B>,
  operations: ControlOperations
): (reason?: string) => void {
  if (method === 'GET' || audit === false) return () => undefined
  const what = (audit?.(input) ?? firstOf(input.params)).slice(0, MAX_NAME)
  return (reason) =>
    operations.audit.note({
      did: id,
      ...(what !== '' && { what }),
      allowed: true,
      ...(reason !== undefined && { reason })
    })
}

function firstOf(params: unknown): string {
  const [first]: unknown[] = Object.values(params ?? {})
  return typeof first === 'string' ? first : ''
}

function baseOf<P, Q, B, A>(spec: RouteSpec<P, Q, B, A>): RouteBase {
  const { method, path, id, summary, params, query, body, answer } = spec
  return { method, path, id, summary, params, query, body, answer }
}

function parsed<P, Q, B, A>(
  spec: RouteSpec<P, Q, B, A>,
  { params, query, body, signal }: RawInput
): RouteInput<P, Q, B> {
  return {
    params: parse(spec.params, params, 'path'),
    query: parse(spec.query, query, 'query'),
    body: parse(spec.body, body, 'body'),
    signal
  }
}

function parse<T>(schema: z.ZodType<T> | undefined, value: unknown, where: string): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- without a schema T is `unknown`
  if (schema === undefined) return undefined as T
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const place = [where, ...(issue?.path ?? [])].join('.')
  // The issue names keys and types, never the value, which may be a prompt.
  throw new LumosError('INVALID_REQUEST', {
    details: { reason: `${place}: ${issue?.message ?? 'not valid'}` }
  })
}
