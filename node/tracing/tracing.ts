/** Joins what traces at a node: spans, the newest of them in memory, and those of peers. */
import type { PeerIdText } from '../../core/ids.ts'
import { NO_TRACER } from '../../core/trace.ts'
import type { Tracer } from '../../core/trace.ts'
import { createTraceExchange } from '../../protocols/trace/exchange.ts'
import type { TraceExchangeComponents } from '../../protocols/trace/exchange.ts'
import type { NodeConfig } from '../config/schema.ts'
import type { NodeComponents } from '../wire.ts'
import { createSpanRing } from './span-ring.ts'
import type { SpanRing } from './span-ring.ts'
import { createTraceReader } from './trace-reader.ts'
import type { TraceReader } from './trace-reader.ts'
import { createTracer } from './tracer.ts'

export interface NodeTracing {
  readonly tracer: Tracer
  readonly ring: SpanRing
}

export function createNodeTracing(
  components: Pick<NodeComponents, 'clock' | 'random'>,
  { enabled, sample }: NodeConfig['tracing']
): NodeTracing {
  const ring = createSpanRing()
  const tracer = enabled ? createTracer({ ...components, ring }, { sample }) : NO_TRACER
  return { tracer, ring }
}

export interface NodeTraceReaderComponents extends Pick<NodeComponents, 'clock'> {
  readonly ring: Pick<SpanRing, 'of'>
  readonly sessions: TraceExchangeComponents['sessions']
  readonly nameOf: (peer: PeerIdText) => string
}

/** Also answers peers. */
export function createNodeTraceReader(
  components: NodeTraceReaderComponents,
  init: { readonly self: PeerIdText }
): TraceReader {
  const reader = createTraceReader({ ...components, exchange: () => exchange }, init)
  const exchange = createTraceExchange({ ...components, tell: (asked) => reader.forPeer(asked) })
  return reader
}
