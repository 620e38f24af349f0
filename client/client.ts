/** The typed client of a node's control API: `import { createClient } from 'lumos-mesh/client'`. */
import { createCalls, type Client } from './calls.ts'
import { createFetchTransport, type UrlTarget } from './fetch-transport.ts'
import type { SocketTarget } from './socket-transport.ts'
import type { Transport } from './transport.ts'

export type * from './api.ts'
export type { CallOptions, Client, LogQuery, TaskQuery } from './calls.ts'

/** A client of the daemon behind a Unix socket (Node only) or behind a URL (anywhere). */
export function createClient(target: SocketTarget | UrlTarget): Client {
  return createCalls('url' in target ? createFetchTransport(target) : socketTransport(target))
}

/** Loads `node:http` with the first call, so that a browser never meets it. */
function socketTransport(target: SocketTarget): Transport {
  let transport: Promise<Transport> | undefined
  return async (request) => {
    transport ??= import('./socket-transport.ts').then((module) =>
      module.createSocketTransport(target)
    )
    return (await transport)(request)
  }
}
