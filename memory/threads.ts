/** Conversations in a space: a thread is a range of keys that sort by time, so that pages are ranges. */
import { v7 } from 'uuid'
import type { Clock } from '../core/clock.ts'
import { createIdSource, isUuid } from '../core/ids.ts'
import type { IdSource, PeerIdText } from '../core/ids.ts'
import { isJsonObject } from '../core/json.ts'
import type { Json } from '../core/json.ts'
import { LIMITS } from '../core/limits.ts'
import type {
  MessageQuery,
  SpaceMemory,
  Thread,
  ThreadInit,
  ThreadMessage,
  ThreadMessageInit,
  ThreadRole,
  Threads
} from '../core/memory.ts'
import type { Random } from '../core/random.ts'
import { decodeValue } from './json-value.ts'
import type { AuthorKey } from './replica/record.ts'
import type { MemoryEntry, MemorySpace } from './shared-memory.ts'

export interface ThreadComponents {
  readonly clock: Clock
  readonly random: Random
  readonly facts: Pick<SpaceMemory, 'get' | 'list' | 'writer'>
  readonly put: (key: string, value: Json) => Promise<unknown>
  readonly entries: Pick<MemorySpace, 'list' | 'newest'>
  readonly peerOf: (author: AuthorKey) => PeerIdText
}

const DEFAULT_PAGE = 50
const ROLES: readonly ThreadRole[] = ['user', 'assistant', 'system', 'tool']
/** Numbers within a millisecond have 32 bits: those that begin below this have room for any turn. */
const SEQUENCE_STARTS = 2 ** 30

/**
 * Keys: `thread/ID` is a thread, `thread/ID/UUIDv7` a message, `threads/RESOURCE/ID` finds the threads of a
 * resource. Ids are percent-encoded, since a slash would end them.
 */
export function createThreads(components: ThreadComponents): Threads {
  const { clock, random, facts } = components
  const newThreadId = createIdSource(clock, random)

  async function get(threadId: string): Promise<Thread | undefined> {
    const fact = await facts.get(threadKey(threadId))
    return fact && threadOf(threadId, fact.value)
  }

  async function putThread(
    init: ThreadInit & { readonly threadId: string; readonly createdAt?: string | undefined }
  ): Promise<Thread> {
    const { threadId, resourceId, title, metadata } = init
    const value = {
      resourceId,
      ...(title !== undefined && { title }),
      ...(metadata !== undefined && { metadata }),
      createdAt: init.createdAt ?? new Date(clock.now()).toISOString()
    }
    await Promise.all([
      components.put(threadKey(threadId), value),
      components.put(resourcePrefix(resourceId) + encode(threadId), null)
    ])
    return { threadId, ...value }
  }

  return {
    get,
    async create({ threadId = newThreadId(), ...init }) {
      const known = await get(threadId)
      return putThread({ ...init, threadId, createdAt: known?.createdAt })
    },
    async *list(resourceId) {
      const prefix = resourcePrefix(resourceId)
      for await (const { key } of facts.list({ prefix })) {
        const threadId = decode(key.slice(prefix.length))
        const thread = threadId === undefined ? undefined : await get(threadId)
        // What finds it may come before it, and outlive a change of its resource.
        if (thread?.resourceId === resourceId) yield thread
      }
    },
    async append(threadId, messages, { behind, create } = {}) {
      const latest = behind === undefined ? await latestOf(components, threadId) : behind
      const nextId = createTurn(components, latest ?? undefined)
      const appended = messages.map((message) =>
        newMessage({ id: nextId(), threadId, writer: facts.writer }, message)
      )
      // At once, so that they share a write to the disk.
      await Promise.all([
        ...appended.map(({ id, role, parts }) =>
          components.put(messageKey(threadId, id), { role, parts })
        ),
        ...(create === undefined ? [] : [putThread({ ...create, threadId })])
      ])
      return appended
    },
    messages: (threadId, query) => readMessages(components, threadId, query)
  }
}

type Reading = Pick<ThreadComponents, 'entries' | 'peerOf'>

/** Oldest first. */
async function readMessages(
  reading: Reading,
  threadId: string,
  { before, after, limit = DEFAULT_PAGE }: MessageQuery = {}
): Promise<readonly ThreadMessage[]> {
  if (before !== undefined && after !== undefined) {
    throw new TypeError('a page is before one message or after one, not both')
  }
  if (after !== undefined) return readPage(reading, threadId, { limit, reverse: false, after })
  if (before === undefined) return readNewest(reading, threadId, limit)
  const back = { limit, reverse: true, after: before }
  return (await readPage(reading, threadId, back)).toReversed()
}

interface Page {
  readonly limit: number
  readonly reverse: boolean
  readonly after: string
}

async function latestOf(reading: Reading, threadId: string): Promise<string | undefined> {
  const [latest] = await readNewest(reading, threadId, 1)
  return latest?.id
}

/** Oldest first. */
async function readNewest(
  reading: Reading,
  threadId: string,
  limit: number
): Promise<ThreadMessage[]> {
  const prefix = messageKey(threadId, '')
  const newest = await reading.entries.newest(prefix, limit)
  const found = newest.flatMap((entry) => keptMessageOf(reading, threadId, entry) ?? [])
  const [oldest] = newest
  const missing = limit - found.length
  // Mostly none: what is no message has to be made up for.
  if (oldest === undefined || newest.length < limit || missing === 0) return found
  const after = oldest.key.slice(prefix.length)
  const page = { limit: missing, reverse: true, after }
  return [...(await readPage(reading, threadId, page)).toReversed(), ...found]
}

/** Messages in the direction of reading. */
async function readPage(
  reading: Reading,
  threadId: string,
  { limit, reverse, after }: Page
): Promise<ThreadMessage[]> {
  const prefix = messageKey(threadId, '')
  const found: ThreadMessage[] = []
  let behind = after
  for (let asked = limit; asked > 0; asked = limit - found.length) {
    const query = { prefix, reverse, limit: asked, after: prefix + behind }
    let read = 0
    // oxlint-disable-next-line no-await-in-loop -- one page after the other
    for await (const entry of reading.entries.list(query)) {
      behind = entry.key.slice(prefix.length)
      const message = messageOf(reading, threadId, entry)
      if (message !== undefined) found.push(message)
      read += 1
    }
    if (read < asked) break
  }
  return found
}

/**
 * Ids of a turn: in a row, and behind the message of the id `behind`, although that may come from a clock
 * that is ahead; by no more than clocks may differ, or nobody would count this one ({@link messageOf}).
 */
function createTurn({ clock, random }: ThreadComponents, behind: string | undefined): IdSource {
  const now = clock.now()
  const above = behind === undefined ? now : timeOf(behind) + 1
  const msecs = Math.max(now, Math.min(above, now + LIMITS.memorySkew.value))
  // At random: turns of two nodes in one millisecond then lie behind each other, not in between.
  let seq = Math.floor(random.next() * SEQUENCE_STARTS)
  return () => {
    seq += 1
    return v7({ msecs, seq, random: random.bytes(16) })
  }
}

function newMessage(
  names: Pick<ThreadMessage, 'id' | 'threadId' | 'writer'>,
  { role, parts }: ThreadMessageInit
): ThreadMessage {
  const { id, threadId, writer } = names
  return { id, threadId, writer, role, parts, createdAt: new Date(timeOf(id)).toISOString() }
}

/** Messages of pages that are kept at hand, by the bytes of their values: nobody may change them. */
const kept = new WeakMap<Uint8Array, ThreadMessage>()

function keptMessageOf(
  reading: Reading,
  threadId: string,
  entry: MemoryEntry
): ThreadMessage | undefined {
  const known = kept.get(entry.value)
  if (known !== undefined) return known
  const message = messageOf(reading, threadId, entry)
  if (message !== undefined) kept.set(entry.value, freeze(message))
  return message
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) freeze(member)
  return Object.freeze(value)
}

/** What others write may be anything: only what is a message is one. */
function messageOf(
  { peerOf }: Reading,
  threadId: string,
  { key, value: bytes, time, author }: MemoryEntry
): ThreadMessage | undefined {
  const id = key.slice(key.lastIndexOf('/') + 1)
  if (!isUuid(id) || key.length !== messageKey(threadId, id).length) return undefined
  // An id from the future would stay the newest for ever, and all others would have to follow it.
  if (timeOf(id) > time.ms + LIMITS.memorySkew.value) return undefined
  const value = decodeValue(bytes)
  if (!isJsonObject(value)) return undefined
  const { role, parts } = value
  const known = ROLES.find((each) => each === role)
  if (known === undefined || !Array.isArray(parts) || !parts.every(isJsonObject)) return undefined
  return newMessage({ id, threadId, writer: peerOf(author) }, { role: known, parts })
}

function threadOf(threadId: string, value: Json): Thread | undefined {
  if (!isJsonObject(value)) return undefined
  const { resourceId, title, metadata, createdAt } = value
  if (typeof resourceId !== 'string' || typeof createdAt !== 'string') return undefined
  return {
    threadId,
    resourceId,
    ...(typeof title === 'string' && { title }),
    ...(isJsonObject(metadata) && { metadata }),
    createdAt
  }
}

/** Milliseconds since the epoch, from the first 48 bits of a UUIDv7. */
function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

function threadKey(threadId: string): string {
  return `thread/${encode(threadId)}`
}

function messageKey(threadId: string, id: string): string {
  return `${threadKey(threadId)}/${id}`
}

function resourcePrefix(resourceId: string): string {
  return `threads/${encode(resourceId)}/`
}

function encode(id: string): string {
  if (id === '') throw new TypeError('an id must not be empty')
  return encodeURIComponent(id)
}

/** `undefined` for what {@link encode} cannot have written. */
function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part) || undefined
  } catch {
    return undefined
  }
}
