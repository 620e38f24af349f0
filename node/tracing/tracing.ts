/** Joins what traces at a node: spans, the newest of them in memory, and those of peers. */
import type { Component } from '../../core/component.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Environment } from '../../core/paths.ts'
import { NO_TRACER } from '../../core/trace.ts'
import type { Tracer } from '../../core/trace.ts'
import { createTraceExchange } from '../../protocols/trace/exchange.ts'
import type { TraceExchangeComponents } from '../../protocols/trace/exchange.ts'
import type { NodeConfig } from '../config/schema.ts'
import type { NodeComponents, NodeInit, Wire } from '../wire.ts'
import type { Work } from '../work.ts'
import type { OtlpExporter } from './otlp-exporter.ts'
import { otlpSettings } from './otlp-settings.ts'
import { createSpanRing } from './span-ring.ts'
import type { KeptSpan, SpanRing } from './span-ring.ts'
import { createTraceReader } from './trace-reader.ts'
import type { TraceReader } from './trace-reader.ts'
import { createTracer } from './tracer.ts'

export interface NodeTracingComponents extends NodeComponents {
  /** Known once the node is assembled. */
  readonly self: () => { readonly id: PeerIdText; readonly name: string }
}

export type NodeTracingInit = Pick<NodeInit, 'version'> & {
  readonly config: Pick<NodeConfig, 'tracing'>
  /** Where a collector may be named; without it only the configuration is looked at. */
  readonly env?: Environment
}

/** Started, it sends what ends to the collector, if there is one. */
export interface NodeTracing extends Component {
  readonly tracer: Tracer
  readonly ring: SpanRing
}

export function createNodeTracing(
  { self, ...components }: NodeTracingComponents,
  { config: { tracing }, env = {}, version }: NodeTracingInit
): NodeTracing {
  const { clock, logger } = components
  const ring = createSpanRing()
  let exporter: OtlpExporter | undefined
  const onEnd = (span: KeptSpan): void => exporter?.add(span)
  const tracer = tracing.enabled
    ? createTracer({ ...components, ring, onEnd }, { sample: tracing.sample })
    : NO_TRACER

  async function start(): Promise<void> {
    const settings = otlpSettings(tracing, env)
    if (settings === undefined || exporter !== undefined) return
    const { url, headers, serviceName } = settings
    const { id, name } = self()
    // Most nodes have no collector.
    const { createOtlpExporter } = await import('./otlp-exporter.ts')
    exporter = createOtlpExporter(
      { clock, logger: logger.child('tracing'), fetch },
      {
        url,
        headers,
        version,
        resource: {
          'service.name': serviceName,
          'service.version': version,
          'service.instance.id': id,
          'lumos.node': name
        }
      }
    )
    await exporter.start()
  }

  return {
    tracer,
    ring,
    start,
    async stop() {
      await exporter?.stop()
      exporter = undefined
    }
  }
}

export interface NodeTraceReaderComponents extends Pick<NodeComponents, 'clock'> {
  readonly ring: Pick<SpanRing, 'of'>
  readonly wire: Pick<Wire, 'identity' | 'sessions'>
  readonly work: Pick<Work, 'nameOf'>
}

/** Also answers peers. */
export function createNodeTraceReader(components: NodeTraceReaderComponents): TraceReader {
  const { wire, work } = components
  const { nameOf } = work
  const { sessions, identity } = wire
  const parts = { ...components, nameOf, exchange: () => exchange }
  const reader = createTraceReader(parts, { self: identity.peer })
  const tell: TraceExchangeComponents['tell'] = (asked) => reader.forPeer(asked)
  const exchange = createTraceExchange({ ...components, sessions, tell })
  return reader
}
