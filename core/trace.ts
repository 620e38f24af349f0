/** What parts tell of where the time of an order goes: the port for spans; `node/` supplies the real tracer. */

/** Where a span hangs: what is asked for under it takes this along, also to other nodes. */
export interface TraceContext {
  /** W3C trace id: 32 hexadecimal digits, the same for all that came of one order. */
  readonly trace: string
  /** Id of the span above: 16 hexadecimal digits; absent at the beginning of a trace. */
  readonly span?: string
  /** False when whoever began the trace wants it exported nowhere; absent, each node decides alike. */
  readonly sampled?: boolean
}

/** Names, ids, numbers and codes: never what people, agents, models or tools said. */
export type SpanValue = string | number | boolean

/** Something that takes time, and what it was. Every method is cheap, and does nothing after `end`. */
export interface Span {
  /** 16 hexadecimal digits; empty while nobody traces. */
  readonly id: string
  readonly sampled: boolean
  /** Cut to LIMITS.spanText; what is more than LIMITS.spanAttributes is left out. */
  set(name: string, value: SpanValue): void
  /** A moment within it. */
  event(name: string): void
  /** It did not succeed: the code of a LumosError, or the kind of another error, never its words. */
  fail(error: unknown): void
  end(): void
}

export interface Tracer {
  /** False: every span is {@link NO_SPAN}, so what only spans need can be left out. */
  readonly on: boolean
  /** @param id of the span itself, where others know it already; 16 hexadecimal digits. */
  start(name: string, parent: TraceContext, id?: string): Span
}

export const NO_SPAN: Span = {
  id: '',
  sampled: true,
  set() {},
  event() {},
  fail() {},
  end() {}
}

export const NO_TRACER: Tracer = { on: false, start: () => NO_SPAN }

/** The same for what happens below `span`; itself while nobody traces. */
export function below<C extends TraceContext>(context: C, span: Span): C {
  if (span.id === '') return context
  return { ...context, span: span.id, ...(!span.sampled && { sampled: false }) }
}

/** The span of a task at the node that asked for it, so that its parts are found without a table. */
export function spanOfTask(taskId: string): string {
  return taskId.replaceAll('-', '').slice(-16)
}

/** Runs `work` within a span that ends with it. */
export async function within<T>(span: Span, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    span.fail(error)
    throw error
  } finally {
    span.end()
  }
}

/** Passes on what is yielded within a span that ends with the last, or when nobody wants more. */
export async function* yieldWithin<T>(span: Span, items: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* items
  } catch (error) {
    span.fail(error)
    throw error
  } finally {
    span.end()
  }
}

/** W3C Trace Context. */
export function formatTraceparent({ trace, span = '', sampled = true }: TraceContext): string {
  return `00-${trace}-${span}-${sampled ? '01' : '00'}`
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/
const ALL_ZERO = /^0*$/
/** Version 00 has 55 characters; later ones may have more. */
const LONGEST_TRACEPARENT = 128

/** Of a `traceparent`; `undefined` for what is none, or says nothing. */
export function parseTraceparent(text: unknown): Required<TraceContext> | undefined {
  if (typeof text !== 'string' || text.length > LONGEST_TRACEPARENT) return undefined
  const [, trace = '', span = '', flags = ''] = TRACEPARENT.exec(text) ?? []
  const isValid = !ALL_ZERO.test(trace) && !ALL_ZERO.test(span) && !text.startsWith('ff')
  return isValid ? { trace, span, sampled: (Number.parseInt(flags, 16) & 1) === 1 } : undefined
}

/** What an order is part of that came with this `traceparent`; `undefined` when that says nothing. */
export function traceOf(traceparent: unknown): TraceContext | undefined {
  const told = parseTraceparent(traceparent)
  if (told === undefined) return undefined
  const { trace, span, sampled } = told
  return { trace, span, ...(!sampled && { sampled }) }
}
