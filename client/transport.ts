/** How a client reaches the control API, so that the calls themselves run in Node and in browsers. */

export interface TransportRequest {
  readonly method: 'GET' | 'POST'
  /** Path and query. */
  readonly path: string
  /** JSON text. */
  readonly body?: string
  readonly signal?: AbortSignal
}

interface TransportResponse {
  readonly status: number
  /** Leaving the loop early closes the request. Fails with `DAEMON_STOPPED` when the daemon dies. */
  readonly body: AsyncIterable<Uint8Array>
}

/** Fails with `DAEMON_DOWN` when nobody answers; an aborted request fails with `signal.reason`. */
export type Transport = (request: TransportRequest) => Promise<TransportResponse>
