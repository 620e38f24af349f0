/**
 * Takes the trace of a request over HTTP from the door to the order that is made of it. Doors speak five
 * languages, and none of the parts between has to know of traces: what an agent asks goes by its chain.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { formatTraceparent, spanOfTask, traceOf } from './trace.ts'
import type { TraceContext } from './trace.ts'

interface Request {
  /** Names it in the log. */
  readonly id: string | undefined
  /** What it came with. */
  readonly under: TraceContext | undefined
  readonly onOrder: (traceparent: string) => void
}

/** A place in the course of one request; nothing is shared between two. */
const requests = new AsyncLocalStorage<Request>()

export interface RequestTraceInit {
  /** Of a request within a request: that of the outer one. */
  readonly id?: string
  /** The header, whatever it holds. */
  readonly traceparent: unknown
  /** Told what to give back, once an order was made of the request. */
  readonly onOrder: (traceparent: string) => void
}

/** Runs what answers a request. */
export function inRequest<T>(
  { id = requests.getStore()?.id, traceparent, onOrder }: RequestTraceInit,
  answer: () => T
): T {
  const under = traceOf(traceparent)
  return requests.run({ id, under, onOrder }, answer)
}

/** What the request came with that an order is made of now; `undefined` without one. */
export function traceOfCurrentRequest(): TraceContext | undefined {
  return requests.getStore()?.under
}

/** What the log says of all that is done for the request at hand; nothing outside of one. */
export function fieldsOfCurrentRequest(): { readonly request?: string; readonly trace?: string } {
  const { id, under } = requests.getStore() ?? {}
  return { ...(id !== undefined && { request: id }), ...(under && { trace: under.trace }) }
}

/** The request now has this order: who sent it may want to find its trace. */
export function tellRequestOf(context: TraceContext, taskId: string): void {
  requests.getStore()?.onOrder(formatTraceparent({ ...context, span: spanOfTask(taskId) }))
}
