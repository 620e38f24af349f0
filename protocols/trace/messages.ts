/** Messages about traces (docs/protocols/session.md, "Traces"): bounded JSON, checked before use. */
import { z } from 'zod'
import { LIMITS } from '../../core/limits.ts'
import type { SpanValue } from '../../core/trace.ts'
import { decodeJsonBody } from '../session/json-body.ts'

export const TRACE_METHOD = 'trace.read'

export interface TraceQuestion {
  readonly v: 1
  /** W3C trace id. */
  readonly trace: string
  /** Tasks that the asking peer gave to the one that is asked. */
  readonly tasks: readonly string[]
  /** How many nodes further it may be asked. */
  readonly hops: number
}

/** A span as it is told; by the wall clock of the node that tells it, wherever it was. */
export interface ToldSpan {
  readonly id: string
  readonly parent: string
  readonly name: string
  readonly node: ToldNode
  /** Milliseconds since the epoch, with fractions. */
  readonly start: number
  /** Milliseconds; null while it goes on. */
  readonly took: number | null
  readonly attributes: Readonly<Record<string, SpanValue>>
  /** `at` as `start`. */
  readonly events: readonly { readonly name: string; readonly at: number }[]
  readonly error: string
}

export interface ToldNode {
  /** PeerId. */
  readonly id: string
  readonly name: string
}

/** A node of which nothing was learnt. */
export interface Untold extends ToldNode {
  readonly why: string
}

export interface ToldTrace {
  readonly spans: readonly ToldSpan[]
  readonly missing: readonly Untold[]
  readonly dropped: number
}

export interface TraceAnswer extends ToldTrace {
  readonly v: 1
  /** Wall clock of the answering node when the question came and when the answer left, for the difference of clocks. */
  readonly received: number
  readonly sent: number
}

const text = z.string().max(LIMITS.spanText.value)
const moment = z.number().min(0).max(1e15)

const question = z.object({
  v: z.literal(1),
  trace: z.string().regex(/^[0-9a-f]{32}$/),
  tasks: z.array(z.string().max(64)).min(1).max(LIMITS.traceTasks.value),
  hops: z.int().min(0).max(LIMITS.agentAskDepth.value)
})

const node = { id: text, name: text }

const span = z.object({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  parent: z.string().regex(/^(?:[0-9a-f]{16})?$/),
  name: text,
  node: z.object(node),
  start: moment,
  took: z.number().min(0).max(1e15).nullable(),
  attributes: z
    .record(text, z.union([text, z.number(), z.boolean()]))
    .refine((facts) => Object.keys(facts).length <= LIMITS.spanAttributes.value),
  events: z.array(z.object({ name: text, at: moment })).max(LIMITS.spanEvents.value),
  error: text
})

const answer = z.object({
  v: z.literal(1),
  received: moment,
  sent: moment,
  spans: z.array(span).max(LIMITS.traceSpans.value),
  missing: z.array(z.object({ ...node, why: text })).max(LIMITS.tracePeers.value),
  dropped: z.int().min(0)
})

export function encodeTrace(value: TraceQuestion | TraceAnswer): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

/** @throws INVALID_REQUEST */
export function decodeTraceQuestion(bytes: Uint8Array): TraceQuestion {
  return decodeJsonBody(question, bytes)
}

/** @throws INVALID_REQUEST */
export function decodeTraceAnswer(bytes: Uint8Array): TraceAnswer {
  return decodeJsonBody(answer, bytes)
}
