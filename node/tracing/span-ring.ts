/** The newest spans in memory, by trace: what `lumos tasks show ID --trace` shows with no collector. */
import { LIMITS } from '../../core/limits.ts'
import type { SpanValue } from '../../core/trace.ts'

/** A span as it is kept. Times are monotonic milliseconds of this process. */
export interface KeptSpan {
  readonly trace: string
  readonly id: string
  /** Empty at the beginning of a trace. */
  readonly parent: string
  readonly name: string
  readonly startedAt: number
  /** `undefined` while it goes on. */
  readonly endedAt: number | undefined
  /** Code; empty when it did not fail. */
  readonly error: string
  readonly attributes: Readonly<Record<string, SpanValue>>
  readonly events: readonly { readonly name: string; readonly at: number }[]
  /** Near enough. */
  readonly bytes: number
}

export interface SpanRing {
  readonly spans: number
  readonly bytes: number
  add(span: KeptSpan): void
  /** A span that was added has so many bytes more. */
  grew(trace: string, bytes: number): void
  /** As they were added; those that go on are among them. */
  of(trace: string): { readonly spans: readonly KeptSpan[]; readonly dropped: number }
}

interface KeptTrace {
  spans: KeptSpan[]
  bytes: number
  /** Those that fell out of a trace that is still here. */
  dropped: number
}

export interface SpanRingInit {
  readonly most?: number
  readonly mostBytes?: number
  readonly mostOfTrace?: number
}

/** What one trace loses at once when it is too long: a loss of one at a time would move all others each time. */
const LOST_SHARE = 8

/** What was used longest ago goes first: of traces the whole, of one that is too long its beginning. */
export function createSpanRing(init: SpanRingInit = {}): SpanRing {
  return new RecentTraces(init)
}

class RecentTraces implements SpanRing {
  readonly #most: number
  readonly #mostBytes: number
  readonly #mostOfTrace: number
  readonly #traces = new Map<string, KeptTrace>()
  #newest: KeptTrace | undefined
  spans = 0
  bytes = 0

  constructor({
    most = LIMITS.spansKept.value,
    mostBytes = LIMITS.spanBytesKept.value,
    mostOfTrace = LIMITS.spansOfTrace.value
  }: SpanRingInit) {
    this.#most = most
    this.#mostBytes = mostBytes
    this.#mostOfTrace = mostOfTrace
  }

  add(span: KeptSpan): void {
    const kept = this.#touch(span.trace)
    if (kept.spans.length >= this.#mostOfTrace) this.#shorten(kept)
    kept.spans.push(span)
    kept.bytes += span.bytes
    this.spans += 1
    this.bytes += span.bytes
    if (this.spans > this.#most || this.bytes > this.#mostBytes) this.#makeRoom()
  }

  grew(trace: string, bytes: number): void {
    const kept = this.#traces.get(trace)
    if (kept === undefined) return
    kept.bytes += bytes
    this.bytes += bytes
  }

  of(trace: string): { readonly spans: readonly KeptSpan[]; readonly dropped: number } {
    const { spans = [], dropped = 0 } = this.#traces.get(trace) ?? {}
    return { spans: [...spans], dropped }
  }

  /** The trace as the newest. */
  #touch(trace: string): KeptTrace {
    const known = this.#traces.get(trace)
    if (known !== undefined && known === this.#newest) return known
    const kept = known ?? { spans: [], bytes: 0, dropped: 0 }
    if (known !== undefined) this.#traces.delete(trace)
    this.#traces.set(trace, kept)
    this.#newest = kept
    return kept
  }

  #shorten(kept: KeptTrace): void {
    const lost = kept.spans.splice(0, Math.ceil(kept.spans.length / LOST_SHARE))
    const bytes = lost.reduce((sum, span) => sum + span.bytes, 0)
    kept.dropped += lost.length
    kept.bytes -= bytes
    this.spans -= lost.length
    this.bytes -= bytes
  }

  #makeRoom(): void {
    for (const [trace, kept] of this.#traces) {
      if (this.spans <= this.#most && this.bytes <= this.#mostBytes) return
      if (kept === this.#newest) this.#shorten(kept)
      else {
        this.#traces.delete(trace)
        this.spans -= kept.spans.length
        this.bytes -= kept.bytes
      }
    }
  }
}
