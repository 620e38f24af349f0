/** The methods that a node answers. */
import type { MethodTable, RequestHandler, StreamHandler } from './session.ts'

/** Two tables, because a caller that wants many responses asks another question. */
export interface Methods extends MethodTable {
  findRequest(method: string): RequestHandler | undefined
  findStream(method: string): StreamHandler | undefined
}

export function createMethods(): Methods {
  const requests = new Map<string, RequestHandler>()
  const streams = new Map<string, StreamHandler>()

  function add<T>(table: Map<string, T>, method: string, handler: T): void {
    if (requests.has(method) || streams.has(method)) {
      throw new TypeError(`the method "${method}" has a handler already`)
    }
    table.set(method, handler)
  }

  return {
    request: (method, handler) => add(requests, method, handler),
    stream: (method, handler) => add(streams, method, handler),
    findRequest: (method) => requests.get(method),
    findStream: (method) => streams.get(method)
  }
}
