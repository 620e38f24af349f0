/** Sends spans to a collector by OTLP over HTTP, from a bounded queue: one that hangs or refuses costs nothing but its spans. */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Secret } from '../../core/secret.ts'
import { otlpRequest } from './otlp-json.ts'
import type { OtlpResource } from './otlp-json.ts'
import type { KeptSpan } from './span-ring.ts'

export interface OtlpExporterComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly fetch: typeof fetch
}

export interface OtlpExporterInit {
  /** Of the collector, with `/v1/traces`. */
  readonly url: string
  readonly headers?: Secret<Readonly<Record<string, string>>> | undefined
  readonly resource: OtlpResource
  readonly version: string
}

export interface OtlpExporter extends Component {
  /** Never waits; what finds no room in the queue is counted and gone. */
  add(span: KeptSpan): void
  /** Spans that were lost so far, whyever. */
  readonly dropped: number
}

/** Between two batches: what OpenTelemetry's own exporters take. */
const INTERVAL_MS = 5000
const LONGEST_PAUSE_MS = 60_000
const REPORT_INTERVAL_MS = 60_000
/** What a stopping node waits for its last spans to be taken: it has more to do. */
const LAST_REQUEST_MS = 1000
/** Worth asking again for (OTLP 1.x, "Retryable response codes"). */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504])

type Outcome =
  | { readonly type: 'taken' }
  /** It is no use to send the same again. */
  | { readonly type: 'refused'; readonly why: string }
  | { readonly type: 'failed'; readonly why: string; readonly retryAfterMs?: number }

export function createOtlpExporter(
  components: OtlpExporterComponents,
  init: OtlpExporterInit
): OtlpExporter {
  return new BatchExporter(components, init)
}

class BatchExporter implements OtlpExporter {
  readonly #parts: OtlpExporterComponents
  readonly #init: OtlpExporterInit
  #queue: KeptSpan[] = []
  #closing = new AbortController()
  #sending: Promise<void> | undefined
  #failures = 0
  #reported = { dropped: 0, at: -Infinity }
  #why = ''
  dropped = 0

  constructor(parts: OtlpExporterComponents, init: OtlpExporterInit) {
    this.#parts = parts
    this.#init = init
  }

  async start(): Promise<void> {
    if (this.#sending !== undefined) return
    this.#closing = new AbortController()
    this.#sending = this.#sendOn(this.#closing.signal)
  }

  async stop(): Promise<void> {
    if (this.#sending === undefined) return
    this.#closing.abort()
    await this.#sending
    this.#sending = undefined
    const { clock } = this.#parts
    const last = this.#queue.splice(0, LIMITS.otlpBatch.value)
    if (last.length === 0 || this.#failures > 0) return
    await this.#send(last, clock.timeout(LAST_REQUEST_MS))
  }

  add(span: KeptSpan): void {
    if (this.#queue.length >= LIMITS.otlpQueue.value) this.#drop(1, 'the queue is full')
    else this.#queue.push(span)
  }

  async #sendOn(closing: AbortSignal): Promise<void> {
    let pauseMs = INTERVAL_MS
    while (await this.#parts.clock.sleep(pauseMs, closing)) {
      pauseMs = await this.#sendAll(closing)
      this.#report()
    }
  }

  /** Returns how long to wait before the next time. */
  async #sendAll(closing: AbortSignal): Promise<number> {
    const { clock } = this.#parts
    while (this.#queue.length > 0 && !closing.aborted) {
      const batch = this.#queue.slice(0, LIMITS.otlpBatch.value)
      const signal = AbortSignal.any([closing, clock.timeout(LIMITS.otlpRequest.value)])
      const outcome = await this.#send(batch, signal)
      if (outcome.type === 'failed') {
        // Cut short by this node's own end, which is no failure of the collector.
        if (closing.aborted) break
        this.#failures += 1
        this.#why = outcome.why
        // The batch stays where it is: there is one place where spans wait, and it is bounded.
        const backoffMs = INTERVAL_MS * 2 ** Math.min(this.#failures - 1, 4)
        return Math.min(LONGEST_PAUSE_MS, Math.max(backoffMs, outcome.retryAfterMs ?? 0))
      }
      this.#failures = 0
      this.#queue.splice(0, batch.length)
      if (outcome.type === 'refused') this.#drop(batch.length, outcome.why)
    }
    return INTERVAL_MS
  }

  async #send(spans: readonly KeptSpan[], signal: AbortSignal): Promise<Outcome> {
    const { clock, fetch: post } = this.#parts
    const { url, headers, resource, version } = this.#init
    const epoch = clock.now() - clock.monotonic()
    const body = JSON.stringify(otlpRequest(spans, { resource, version, epoch }))
    try {
      const response = await post(url, {
        method: 'POST',
        headers: { ...headers?.reveal(), 'content-type': 'application/json' },
        body,
        // Keys are for that collector alone.
        redirect: 'error',
        signal
      })
      const { status } = response
      const retryAfterMs = Number(response.headers.get('retry-after') ?? 0) * 1000
      // What it says besides is of no use here, and may be endless.
      await response.body?.cancel()
      if (response.ok) return { type: 'taken' }
      const why = `it answered ${status}`
      if (!RETRYABLE.has(status)) return { type: 'refused', why }
      return { type: 'failed', why, ...(retryAfterMs > 0 && { retryAfterMs }) }
    } catch (error) {
      return { type: 'failed', why: error instanceof Error ? error.name : 'it could not be asked' }
    }
  }

  #drop(count: number, why: string): void {
    this.dropped += count
    if (this.#failures === 0) this.#why = why
  }

  /** Once a minute, however many are lost. */
  #report(): void {
    const { clock, logger } = this.#parts
    const spans = this.dropped - this.#reported.dropped
    const now = clock.monotonic()
    if (spans === 0 || now - this.#reported.at < REPORT_INTERVAL_MS) return
    this.#reported = { dropped: this.dropped, at: now }
    const { host } = new URL(this.#init.url)
    logger.warn('spans were lost on their way to the collector', { spans, host, why: this.#why })
  }
}
