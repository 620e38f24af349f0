/** What a hosted agent may ask of its node, in the words of the agents' contract. */
import type { Part } from '../../../core/a2a.ts'
import { fromWireError, LumosError } from '../../../core/errors.ts'
import type { Json } from '../../../core/json.ts'
import type { Fact, FactHits, Memory, SpaceMemory } from '../../../core/memory.ts'
import type { CallMethod, NodeLine } from '../protocol.ts'
import type { Channel } from './channel.ts'

export interface NodeCalls {
  call<T>(run: string, method: CallMethod, params: object): Promise<T>
  /** An answer that came from the node. */
  settle(line: NodeLine & { readonly type: 'reply' }): void
}

export function createNodeCalls(channel: Channel): NodeCalls {
  const waiting = new Map<string, PromiseWithResolvers<unknown>>()
  let count = 0
  return {
    async call<T>(run: string, method: CallMethod, params: object) {
      const call = String(++count)
      const answer = Promise.withResolvers<unknown>()
      waiting.set(call, answer)
      await channel.send({ type: 'call', run, call, method, params })
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each method has one kind of answer (calls.ts)
      return (await answer.promise) as T
    },
    settle({ call, value = null, error }) {
      const answer = waiting.get(call)
      waiting.delete(call)
      if (error === undefined) answer?.resolve(value)
      else answer?.reject(fromWireError(error))
    }
  }
}

export function askThrough(
  calls: NodeCalls,
  run: string
): (target: string, input: string | readonly Part[]) => Promise<readonly Part[]> {
  return (target, input) => calls.call(run, 'ask', { target, input })
}

/** Facts one by one; what streams (watches, threads, blobs) stays with the node. */
export function memoryThrough(calls: NodeCalls, run: string): Memory {
  const blobs = { put: () => refuse('blobs.put'), get: () => refuse('blobs.get') }
  return { blobs, space: (name) => spaceThrough(calls, { run, name }) }
}

function spaceThrough(
  calls: NodeCalls,
  { run, name }: { readonly run: string; readonly name: string | undefined }
): SpaceMemory {
  const space = name === undefined ? {} : { space: name }
  const ask = <T>(method: CallMethod, params: object): Promise<T> =>
    calls.call(run, method, { ...space, ...params })
  return {
    name: name ?? 'shared',
    get corner() {
      return refuse('corner')
    },
    get: async (key) => (await ask<Fact | null>('memory.get', { key })) ?? undefined,
    put: (key, value: Json, init) => ask('memory.put', { key, value, ...init }),
    delete: async (key) => {
      await ask('memory.delete', { key })
    },
    async *list(query) {
      yield* await ask<readonly Fact[]>('memory.list', { query: { ...query } })
    },
    watch: () => refuse('watch'),
    history: (key) => ask('memory.history', { key }),
    search: (query) => ask<FactHits>('memory.search', { query }),
    get threads() {
      return refuse('threads')
    }
  }
}

function refuse(operation: string): never {
  throw new LumosError('UNSUPPORTED_OPERATION', { details: { operation } })
}
