/** The shared memory of the node for a hosted agent. */
import { LumosError } from '../../../core/errors.ts'
import type { Json, JsonObject } from '../../../core/json.ts'
import type {
  Fact,
  FactEvent,
  FactHits,
  Memory,
  MemoryBlobs,
  SpaceMemory,
  Thread,
  ThreadMessage,
  Threads
} from '../../../core/memory.ts'
import { inPieces } from '../call-memory.ts'
import type { Answers, LineCalls } from '../line-calls.ts'
import type { HostedRun } from '../protocol.ts'

export interface ProjectMemory {
  readonly memory: Memory
  /** What the node fetches: contents on their way to it. */
  readonly answers: Answers
}

export function memoryThrough(
  calls: LineCalls,
  { corner, writer }: Pick<HostedRun, 'corner' | 'writer'>
): ProjectMemory {
  const sources = new Map<string, () => AsyncGenerator<string>>()
  return {
    memory: {
      space: (name) => spaceThrough(calls, { name, corner, writer }),
      blobs: blobsThrough(calls, sources)
    },
    answers: {
      'source.read'({ params: { source } }) {
        const open = typeof source === 'string' ? sources.get(source) : undefined
        if (open === undefined) throw new TypeError('there is no such source')
        return open()
      }
    }
  }
}

interface SpaceName {
  readonly name: string | undefined
  readonly corner: string | undefined
  readonly writer: string | undefined
}

/** Answers of one kind each (call-memory.ts). */
interface Asking {
  one<T>(method: string, params: object, signal?: AbortSignal): Promise<T>
  many<T>(method: string, params: object, signal?: AbortSignal): AsyncIterable<T>
}

function spaceThrough(calls: LineCalls, { name, corner, writer }: SpaceName): SpaceMemory {
  const space = name === undefined ? {} : { space: name }
  const ask: Asking = {
    one: async <T>(method: string, params: object, signal?: AbortSignal) =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see Asking
      (await calls.call(method, { ...space, ...params }, { signal })) as T,
    many: <T>(method: string, params: object, signal?: AbortSignal) =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see Asking
      calls.stream(
        method,
        { ...space, ...params },
        signal
      ) as AsyncIterable<unknown> as AsyncIterable<T>
  }
  return {
    name: name ?? 'shared',
    get corner() {
      if (corner !== undefined) return corner
      throw new LumosError('SPACE_UNKNOWN', { details: { space: name ?? 'shared' } })
    },
    // An older node does not tell: then all that is there is of others.
    writer: writer ?? '',
    get: async (key) => (await ask.one<Fact | null>('memory.get', { key })) ?? undefined,
    put: (key, value, init) => ask.one('memory.put', { key, value, ...init }),
    delete: (key) => ask.one('memory.delete', { key }),
    list: (query) => ask.many<Fact>('memory.list', { query }),
    async *watch(query, signal) {
      try {
        yield* ask.many<FactEvent>('memory.watch', { query }, signal)
      } catch (error) {
        if (signal?.aborted !== true) throw error
      }
    },
    history: (key) => ask.one('memory.history', { key }),
    search: (query, signal) => ask.one<FactHits>('memory.search', { query }, signal),
    threads: threadsThrough(ask)
  }
}

function threadsThrough(ask: Asking): Threads {
  return {
    create: (init) => ask.one<Thread>('threads.create', { init }),
    get: async (threadId) =>
      (await ask.one<Thread | null>('threads.get', { threadId })) ?? undefined,
    list: (resourceId) => ask.many<Thread>('threads.list', { resourceId }),
    append: (threadId, messages, init) =>
      ask.one<readonly ThreadMessage[]>('threads.append', { threadId, messages, init }),
    messages: (threadId, query) =>
      ask.one<readonly ThreadMessage[]>('threads.messages', { threadId, query })
  }
}

function blobsThrough(
  calls: LineCalls,
  sources: Map<string, () => AsyncGenerator<string>>
): MemoryBlobs {
  let count = 0
  return {
    async put(content) {
      const source = String(++count)
      let failure: { readonly error: unknown } | undefined
      sources.set(source, async function* () {
        try {
          if (content instanceof Uint8Array) yield* inPieces(content)
          else for await (const bytes of content) yield* inPieces(bytes)
        } catch (error) {
          failure = { error }
          throw error
        }
      })
      try {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the name of a blob
        return (await calls.call('blobs.put', { source })) as JsonObject
      } catch (error) {
        throw failure?.error ?? error
      } finally {
        sources.delete(source)
      }
    },
    async *get(name: Json, signal) {
      for await (const piece of calls.stream('blobs.get', { name }, signal)) {
        yield Buffer.from(typeof piece === 'string' ? piece : '', 'base64')
      }
    }
  }
}
