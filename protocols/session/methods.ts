/** The methods that a node answers. */
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { MethodOptions, MethodTable, RequestHandler, StreamHandler } from './session.ts'

/** Two tables, because a caller that wants many responses asks another question. */
export interface Methods extends MethodTable {
  findRequest(method: string): Served<RequestHandler> | undefined
  findStream(method: string): Served<StreamHandler> | undefined
}

export interface Served<Handler> {
  readonly handle: Handler
  /** Of a request. */
  readonly mostBytes: number
}

/** Throws when the peer may not call the method; a promise only when that takes time. */
export type Permit = (peer: PeerIdText, method: string) => Promise<void> | undefined

export function createMethods(permit: Permit): Methods {
  const requests = new Map<string, Served<RequestHandler>>()
  const streams = new Map<string, Served<StreamHandler>>()

  function add<T>(table: Map<string, T>, method: string, served: T): void {
    if (requests.has(method) || streams.has(method)) {
      throw new TypeError(`the method "${method}" has a handler already`)
    }
    table.set(method, served)
  }

  return {
    request(method, handler, options) {
      const handle: RequestHandler = (body, context) => {
        const permitted = permit(context.peer, method)
        if (permitted === undefined) return handler(body, context)
        return permitted.then(() => handler(body, context))
      }
      add(requests, method, { handle, mostBytes: mostBytesOf(options) })
    },
    stream(method, handler, options) {
      const handle: StreamHandler = (body, context) => {
        const permitted = permit(context.peer, method)
        if (permitted === undefined) return handler(body, context)
        return onceResolved(permitted, () => handler(body, context))
      }
      add(streams, method, { handle, mostBytes: mostBytesOf(options) })
    },
    findRequest: (method) => requests.get(method),
    findStream: (method) => streams.get(method)
  }
}

function mostBytesOf({ mostBytes = Infinity }: MethodOptions = {}): number {
  return Math.min(mostBytes, LIMITS.messageBytes.value)
}

async function* onceResolved<T>(
  promise: Promise<void>,
  begin: () => AsyncIterable<T>
): AsyncIterable<T> {
  await promise
  yield* begin()
}
