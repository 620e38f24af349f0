/** The shared memory for hosted agents: spaces, conversations and blobs. */
import type { Json, JsonObject } from '../../core/json.ts'
import { isJsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type {
  FactQuery,
  SpaceMemory,
  ThreadInit,
  ThreadMessageInit,
  Threads
} from '../../core/memory.ts'
import { ProtocolFlaw, textOf } from './call-lines.ts'
import type { CallsComponents } from './calls.ts'
import type { Answers } from './line-calls.ts'

/** Facts and threads that come in one piece: what the control API gives at most, too. */
const PAGE = 500

export function memoryAnswers({
  request,
  project
}: Pick<CallsComponents, 'request' | 'project'>): Answers {
  const { memory } = request
  const spaceOf: SpaceOf = ({ space: name }) =>
    memory.space(typeof name === 'string' ? name : undefined)
  return {
    ...factAnswers(spaceOf),
    ...threadAnswers((params) => spaceOf(params).threads),
    'blobs.put': async ({ params, signal }) => {
      const source = textOf(params, 'source')
      return memory.blobs.put(bytesOf(project().stream('source.read', { source }, signal)))
    },
    async *'blobs.get'({ params: { name = null }, signal }) {
      for await (const bytes of memory.blobs.get(name, signal)) yield* inPieces(bytes)
    }
  }
}

/** @throws SPACE_UNKNOWN */
type SpaceOf = (params: JsonObject) => SpaceMemory

function factAnswers(spaceOf: SpaceOf): Answers {
  return {
    'memory.get': async ({ params }) => spaceOf(params).get(textOf(params, 'key')),
    'memory.put': async ({ params }) => {
      const { value = null, ttlMs } = params
      const init = typeof ttlMs === 'number' ? { ttlMs } : {}
      return spaceOf(params).put(textOf(params, 'key'), value, init)
    },
    'memory.delete': async ({ params }) => spaceOf(params).delete(textOf(params, 'key')),
    'memory.history': async ({ params }) => spaceOf(params).history(textOf(params, 'key')),
    'memory.search': async ({ params, signal }) => {
      const { query } = params
      return spaceOf(params).search(
        isJsonObject(query) ? { ...query } : textOf(params, 'query'),
        signal
      )
    },
    async *'memory.list'({ params, streams }) {
      const query: FactQuery = { ...objectOf(params, 'query') }
      const { limit = PAGE } = query
      yield* spaceOf(params).list(streams ? query : { ...query, limit: Math.min(limit, PAGE) })
    },
    async *'memory.watch'({ params, streams, signal }) {
      if (!streams) throw new ProtocolFlaw('a "memory.watch" without "window"')
      yield* spaceOf(params).watch({ ...objectOf(params, 'query') }, signal)
    }
  }
}

function threadAnswers(threadsOf: (params: JsonObject) => Threads): Answers {
  return {
    'threads.create': async ({ params }) =>
      threadsOf(params).create({
        ...objectOf(params, 'init'),
        resourceId: textOf(objectOf(params, 'init'), 'resourceId')
      } satisfies ThreadInit),
    'threads.get': async ({ params }) => threadsOf(params).get(textOf(params, 'threadId')),
    async *'threads.list'({ params, streams }) {
      let left = streams ? Infinity : PAGE
      for await (const thread of threadsOf(params).list(textOf(params, 'resourceId'))) {
        yield thread
        left -= 1
        if (left === 0) return
      }
    },
    'threads.append': async ({ params }) =>
      threadsOf(params).append(
        textOf(params, 'threadId'),
        messagesOf(params),
        objectOf(params, 'init')
      ),
    'threads.messages': async ({ params }) =>
      threadsOf(params).messages(textOf(params, 'threadId'), objectOf(params, 'query'))
  }
}

function objectOf(params: JsonObject, name: string): JsonObject {
  const value = params[name]
  return isJsonObject(value) ? value : {}
}

function messagesOf({ messages }: JsonObject): readonly ThreadMessageInit[] {
  if (!Array.isArray(messages) || !messages.every(isJsonObject)) {
    throw new ProtocolFlaw('a turn whose "messages" are no list')
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as agents of the node hand it over
  return messages as unknown as readonly ThreadMessageInit[]
}

async function* bytesOf(items: AsyncIterable<Json>): AsyncGenerator<Uint8Array, void> {
  for await (const item of items) {
    if (typeof item !== 'string') throw new ProtocolFlaw('content that is no base64')
    yield Buffer.from(item, 'base64')
  }
}

/** Base64, in pieces behind which others have their turn. */
export function* inPieces(bytes: Uint8Array): Generator<string, void> {
  const size = LIMITS.hostPieceBytes.value
  for (let from = 0; from < bytes.length; from += size) {
    yield Buffer.from(
      bytes.buffer,
      bytes.byteOffset + from,
      Math.min(size, bytes.length - from)
    ).toString('base64')
  }
}
