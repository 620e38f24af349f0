/** The typed client of a node, for Node: `import { createClient } from 'lumos-mesh/client'`. */
import { createCalls, type Client } from './calls.ts'
import { createHttpClient, type HttpClient } from './http-client.ts'
import type { UrlTarget } from './fetch-transport.ts'
import type { SocketTarget } from './socket-transport.ts'
import type { Transport } from './transport.ts'

export type * from './api.ts'
export type * from './live-api.ts'
export type { CallOptions, Client, LogQuery, TaskQuery } from './calls.ts'
export type { HttpClient } from './http-client.ts'
export type { FollowOptions, Live, LiveMessage, LiveOptions, Placed, Updates } from './live.ts'

/** A client of the daemon behind a Unix socket, which may do everything, or behind a URL, which does what its token says. */
export function createClient(target: UrlTarget): HttpClient
export function createClient(target: SocketTarget): Client
export function createClient(target: SocketTarget | UrlTarget): Client {
  return 'url' in target ? createHttpClient(target) : createCalls(socketTransport(target))
}

/** Loads `node:http` with the first call: who speaks HTTP never needs it. */
function socketTransport(target: SocketTarget): Transport {
  let transport: Promise<Transport> | undefined
  return async (request) => {
    transport ??= import('./socket-transport.ts').then((module) =>
      module.createSocketTransport(target)
    )
    return (await transport)(request)
  }
}
