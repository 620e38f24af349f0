/** The methods that a node answers. */
import type { PeerIdText } from '../../core/ids.ts'
import type { MethodTable, RequestHandler, StreamHandler } from './session.ts'

/** Two tables, because a caller that wants many responses asks another question. */
export interface Methods extends MethodTable {
  findRequest(method: string): RequestHandler | undefined
  findStream(method: string): StreamHandler | undefined
}

/** Throws when the peer may not call the method; a promise only when that takes time. */
export type Permit = (peer: PeerIdText, method: string) => Promise<void> | undefined

export function createMethods(permit: Permit): Methods {
  const requests = new Map<string, RequestHandler>()
  const streams = new Map<string, StreamHandler>()

  function add<T>(table: Map<string, T>, method: string, handler: T): void {
    if (requests.has(method) || streams.has(method)) {
      throw new TypeError(`the method "${method}" has a handler already`)
    }
    table.set(method, handler)
  }

  return {
    request(method, handler) {
      add(requests, method, (body, context) => {
        const permitted = permit(context.peer, method)
        if (permitted === undefined) return handler(body, context)
        return permitted.then(() => handler(body, context))
      })
    },
    stream(method, handler) {
      add(streams, method, (body, context) => {
        const permitted = permit(context.peer, method)
        if (permitted === undefined) return handler(body, context)
        return onceResolved(permitted, () => handler(body, context))
      })
    },
    findRequest: (method) => requests.get(method),
    findStream: (method) => streams.get(method)
  }
}

async function* onceResolved<T>(
  promise: Promise<void>,
  begin: () => AsyncIterable<T>
): AsyncIterable<T> {
  await promise
  yield* begin()
}
