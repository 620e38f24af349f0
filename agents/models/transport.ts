/** How requests to model servers travel: `fetch` as the openai package wants it, on connections that stay open. */
import type { Dispatcher } from 'undici'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'

export interface ModelTransport {
  /**
   * Takes what the openai package gives: a URL, headers, and a text as body. Follows no redirect, which
   * could lead the key elsewhere; has no deadline besides that of connecting.
   */
  readonly fetch: (url: string | URL | Request, init?: RequestInit) => Promise<Response>
  /** Breaks off what is under way and closes every connection. */
  close(): Promise<void>
}

/** Less than the 5 s after which Node's server, the quickest, closes an idle connection. */
const KEEP_ALIVE_MS = 4000

/** What waits for a slow reader before the connection is paused. */
const BODY_WINDOW_BYTES = 256 * 1024

/**
 * A reader leaves at the mark that ends an event stream; what ends the HTTP message often comes a packet
 * later, and only then can the connection be used again.
 */
const LINGER_MS = 1000

/** Statuses whose answers have no body, and for which `Response` takes none. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304])

/** undici below its own `fetch`, whose layers cost more than all the rest (docs/benchmarks.md, "Asking models"). */
export async function createModelTransport(clock: Clock): Promise<ModelTransport> {
  const { Agent } = await import('undici')
  const agent = new Agent({
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: LIMITS.modelConnect.value },
    // Whoever asks has a clock of its own.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: LIMITS.modelAnswerBytes.value
  })
  return {
    async fetch(target, init = {}) {
      const { signal, method = 'GET', headers, body } = init
      signal?.throwIfAborted()
      const { origin, pathname, search } = new URL(target instanceof Request ? target.url : target)
      const exchange = new Exchange(clock, signal ?? undefined)
      agent.dispatch(
        {
          origin,
          path: `${pathname}${search}`,
          method,
          headers: [...new Headers(headers)].flat(),
          ...(typeof body === 'string' && { body })
        },
        exchange
      )
      return exchange.response
    },
    close: () => agent.destroy()
  }
}

/** One request, from its dispatch to the end of its answer. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly response: Promise<Response>
  readonly #answer = Promise.withResolvers<Response>()
  readonly #clock: Clock
  readonly #signal: AbortSignal | undefined
  #stopLingering = (): void => undefined
  #request: Dispatcher.DispatchController | undefined
  #body: ReadableStreamDefaultController<Uint8Array> | undefined

  constructor(clock: Clock, signal: AbortSignal | undefined) {
    this.#clock = clock
    this.response = this.#answer.promise
    this.#signal = signal
    signal?.addEventListener('abort', this.#abort, { once: true })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#request = controller
    // While it waited for a connection it could not be told.
    if (this.#signal?.aborted === true) this.#abort()
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>
  ): void {
    // 100 and 103 only say that an answer will come.
    if (status < 200) return
    const body = new ReadableStream<Uint8Array>(
      {
        start: (sink) => {
          this.#body = sink
        },
        pull: () => {
          if (controller.paused) controller.resume()
        },
        cancel: (reason) => {
          this.#body = undefined
          if (controller.paused) controller.resume()
          this.#stopLingering = this.#clock.after(LINGER_MS, () => {
            controller.abort(asError(reason))
          })
        }
      },
      { highWaterMark: BODY_WINDOW_BYTES, size: ({ length }) => length }
    )
    const given = new Headers()
    for (const [name, value] of Object.entries(headers)) given.set(name, String(value))
    this.#answer.resolve(
      new Response(BODILESS.has(status) ? null : body, { status, headers: given })
    )
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#body?.enqueue(chunk)
    if ((this.#body?.desiredSize ?? 1) <= 0) controller.pause()
  }

  onResponseEnd(): void {
    this.#ended()
    this.#body?.close()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#ended()
    this.#body?.error(error)
    this.#answer.reject(error)
  }

  #ended(): void {
    this.#stopLingering()
    this.#signal?.removeEventListener('abort', this.#abort)
  }

  readonly #abort = (): void => this.#request?.abort(asError(this.#signal?.reason))
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new DOMException('aborted', 'AbortError')
}
