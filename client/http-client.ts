/** A client of a node's doors over HTTP, for Node and for browsers alike. */
import { createCalls, type Client } from './calls.ts'
import { createFetchTransport, type UrlTarget } from './fetch-transport.ts'
import { createLive } from './live.ts'
import type { Live } from './live.ts'

export interface HttpClient extends Client {
  /** Tasks and events over a WebSocket, which opens with the first call. */
  live(): Live
}

export function createHttpClient(target: UrlTarget): HttpClient {
  return { ...createCalls(createFetchTransport(target)), live: () => createLive(target) }
}
