/** Spans in the words of OpenTelemetry: the JSON form of OTLP 1.x (opentelemetry-proto, trace/v1). */
import type { SpanValue } from '../../core/trace.ts'
import { subjectOf } from './span-facts.ts'
import type { KeptSpan } from './span-ring.ts'

/** Who tells: attributes of the resource. */
export type OtlpResource = Readonly<Record<string, SpanValue>>

export interface OtlpInit {
  readonly resource: OtlpResource
  /** Version of Lumos. */
  readonly version: string
  /** Milliseconds between the epoch and the beginning of monotonic time. */
  readonly epoch: number
}

interface OtlpAttribute {
  readonly key: string
  readonly value: object
}

const KIND = { internal: 1, server: 2, client: 3 } as const

/** What waits for another process, and what works for one. */
const KINDS: Readonly<Record<string, number>> = {
  attempt: KIND.client,
  model: KIND.client,
  accept: KIND.server
}

const STATUS_ERROR = 2

/** OpenTelemetry has names of its own for these (semantic conventions of generative AI). */
const CONVENTIONAL: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  model: {
    model: 'gen_ai.request.model',
    inputTokens: 'gen_ai.usage.input_tokens',
    outputTokens: 'gen_ai.usage.output_tokens'
  },
  tool: { tool: 'gen_ai.tool.name' },
  run: { agent: 'gen_ai.agent.name' }
}

/** The body of a request to `/v1/traces`. */
export function otlpRequest(spans: readonly KeptSpan[], init: OtlpInit): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf(init.resource, (name) => name) },
        scopeSpans: [
          {
            scope: { name: 'lumos-mesh', version: init.version },
            spans: spans.map((span) => spanOf(span, init.epoch))
          }
        ]
      }
    ]
  }
}

function spanOf(span: KeptSpan, epoch: number): object {
  const { trace, id, parent, name, startedAt, endedAt = startedAt, error } = span
  const own = CONVENTIONAL[name] ?? {}
  return {
    traceId: trace,
    spanId: id,
    ...(parent !== '' && { parentSpanId: parent }),
    name: `${name} ${subjectOf(name, span.attributes)}`.trim(),
    kind: KINDS[name] ?? KIND.internal,
    startTimeUnixNano: nanoseconds(epoch + startedAt),
    endTimeUnixNano: nanoseconds(epoch + endedAt),
    attributes: attributesOf(span.attributes, (key) => own[key] ?? `lumos.${key}`),
    events: span.events.map((event) => ({
      timeUnixNano: nanoseconds(epoch + event.at),
      name: event.name
    })),
    status: error === '' ? {} : { code: STATUS_ERROR, message: error }
  }
}

function attributesOf(
  values: Readonly<Record<string, SpanValue>>,
  nameOf: (key: string) => string
): OtlpAttribute[] {
  return Object.entries(values).map(([key, value]) => ({ key: nameOf(key), value: valueOf(value) }))
}

function valueOf(value: SpanValue): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  // 64 bits are text in the JSON of protobuf.
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

/** As text: the number has more digits than a double holds. */
function nanoseconds(ms: number): string {
  return (BigInt(Math.round(ms * 1000)) * 1000n).toString()
}
