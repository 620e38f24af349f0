/** Makes spans: small objects with ids of a counter, kept in a ring, and handed on when they end. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Random } from '../../core/random.ts'
import type { Span, SpanValue, TraceContext, Tracer } from '../../core/trace.ts'
import type { KeptSpan, SpanRing } from './span-ring.ts'

export interface TracerComponents {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly random: Pick<Random, 'bytes'>
  readonly ring: Pick<SpanRing, 'add' | 'grew'>
  /** Told of those that are sampled. */
  readonly onEnd?: (span: KeptSpan) => void
}

export interface TracerInit {
  /** The part of the traces that begin here that are exported: 0 to 1. The ring keeps all. */
  readonly sample: number
}

/** Of an object, its strings and its place in the ring: measured, rounded up. */
const SPAN_BYTES = 256
const ATTRIBUTE_BYTES = 48
const EVENT_BYTES = 48

export function createTracer(components: TracerComponents, { sample }: TracerInit): Tracer {
  // Ids have to differ within a trace only: four bytes tell the nodes of a swarm apart.
  const prefix = Buffer.from(components.random.bytes(4)).toString('hex')
  let last = 0

  function nextId(): string {
    last = (last + 1) % 0x1_0000_0000
    // Never all zeros, which would be no id.
    return prefix + (last === 0 ? 1 : last).toString(16).padStart(8, '0')
  }

  return {
    on: true,
    start(name, parent, id = nextId()) {
      const { sampled = isSampled(parent.trace, sample) } = parent
      return new RunningSpan(components, { name, parent, id, sampled })
    }
  }
}

/** By the end of the trace id, which is random, so that all nodes with the same share decide alike. */
function isSampled(trace: string, sample: number): boolean {
  if (sample >= 1) return true
  return Number.parseInt(trace.slice(-8), 16) / 0x1_0000_0000 < sample
}

interface SpanInit {
  readonly name: string
  readonly parent: TraceContext
  readonly id: string
  readonly sampled: boolean
}

class RunningSpan implements Span, KeptSpan {
  readonly trace: string
  readonly id: string
  readonly parent: string
  readonly name: string
  readonly sampled: boolean
  readonly startedAt: number
  endedAt: number | undefined = undefined
  error = ''
  attributes: Record<string, SpanValue> = {}
  events: { readonly name: string; readonly at: number }[] = NO_EVENTS
  bytes = SPAN_BYTES
  readonly #parts: TracerComponents
  #count = 0

  constructor(parts: TracerComponents, { name, parent, id, sampled }: SpanInit) {
    this.#parts = parts
    this.trace = parent.trace
    this.id = id
    this.parent = parent.span ?? ''
    this.name = name
    this.sampled = sampled
    this.startedAt = parts.clock.monotonic()
    parts.ring.add(this)
  }

  set(name: string, value: SpanValue): void {
    if (this.endedAt !== undefined || this.#count >= LIMITS.spanAttributes.value) return
    const kept = typeof value === 'string' ? value.slice(0, LIMITS.spanText.value) : value
    this.#count += 1
    this.attributes[name] = kept
    this.#grow(ATTRIBUTE_BYTES + (typeof kept === 'string' ? kept.length : 0))
  }

  event(name: string): void {
    if (this.endedAt !== undefined || this.events.length >= LIMITS.spanEvents.value) return
    if (this.events === NO_EVENTS) this.events = []
    this.events.push({
      name: name.slice(0, LIMITS.spanText.value),
      at: this.#parts.clock.monotonic()
    })
    this.#grow(EVENT_BYTES + name.length)
  }

  fail(error: unknown): void {
    if (this.endedAt === undefined) this.error = codeOf(error)
  }

  end(): void {
    if (this.endedAt !== undefined) return
    this.endedAt = this.#parts.clock.monotonic()
    if (this.sampled) this.#parts.onEnd?.(this)
  }

  #grow(bytes: number): void {
    this.bytes += bytes
    this.#parts.ring.grew(this.trace, bytes)
  }
}

/** Shared by all spans without any; never written to. */
const NO_EVENTS: { readonly name: string; readonly at: number }[] = []

/** What an error says in words may hold anything. */
function codeOf(error: unknown): string {
  if (error instanceof LumosError) return error.code
  if (error instanceof Error) return error.name.slice(0, LIMITS.spanText.value)
  return typeof error === 'string' ? error.slice(0, LIMITS.spanText.value) : 'UNKNOWN'
}
