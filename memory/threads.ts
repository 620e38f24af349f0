/** Conversations in a space: a thread is a range of keys that sort by time, so that pages are ranges. */
import { v7 } from 'uuid'
import type { Clock } from '../core/clock.ts'
import { createIdSource, isUuid } from '../core/ids.ts'
import type { IdSource } from '../core/ids.ts'
import { isJsonObject } from '../core/json.ts'
import type { Json } from '../core/json.ts'
import { LIMITS } from '../core/limits.ts'
import type {
  Fact,
  SpaceMemory,
  Thread,
  ThreadInit,
  ThreadMessage,
  ThreadMessageInit,
  ThreadRole,
  Threads
} from '../core/memory.ts'
import type { Random } from '../core/random.ts'

export interface ThreadComponents {
  readonly clock: Clock
  readonly random: Random
  readonly facts: Pick<SpaceMemory, 'get' | 'put' | 'list'>
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

  async function put(
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
      facts.put(threadKey(threadId), value),
      facts.put(resourcePrefix(resourceId) + encode(threadId), null)
    ])
    return { threadId, ...value }
  }

  return {
    get,
    async create({ threadId = newThreadId(), ...init }) {
      const known = await get(threadId)
      return put({ ...init, threadId, createdAt: known?.createdAt })
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
      const latest = behind === undefined ? await latestOf(facts, threadId) : behind
      const nextId = createTurn(components, latest ?? undefined)
      const appended = messages.map((message) => newMessage(threadId, nextId(), message))
      // At once, so that they share a write to the disk.
      await Promise.all([
        ...appended.map(({ id, role, parts }) =>
          facts.put(messageKey(threadId, id), { role, parts })
        ),
        ...(create === undefined ? [] : [put({ ...create, threadId })])
      ])
      return appended
    },
    async messages(threadId, { before, after, limit = DEFAULT_PAGE } = {}) {
      if (before !== undefined && after !== undefined) {
        throw new TypeError('a page is before one message or after one, not both')
      }
      if (after !== undefined) return readPage(facts, threadId, { limit, reverse: false, after })
      const back = { limit, reverse: true, ...(before !== undefined && { after: before }) }
      return (await readPage(facts, threadId, back)).toReversed()
    }
  }
}

interface Page {
  readonly limit: number
  readonly reverse: boolean
  readonly after?: string
}

async function latestOf(
  facts: ThreadComponents['facts'],
  threadId: string
): Promise<string | undefined> {
  const [latest] = await readPage(facts, threadId, { reverse: true, limit: 1 })
  return latest?.id
}

/** Messages in the direction of reading. */
async function readPage(
  facts: ThreadComponents['facts'],
  threadId: string,
  { limit, reverse, after }: Page
): Promise<ThreadMessage[]> {
  const prefix = messageKey(threadId, '')
  const found: ThreadMessage[] = []
  let behind = after
  // Mostly once: what is no message has to be made up for.
  for (let asked = limit; asked > 0; asked = limit - found.length) {
    const query = { prefix, reverse, limit: asked, ...(behind && { after: prefix + behind }) }
    let read = 0
    // oxlint-disable-next-line no-await-in-loop -- one page after the other
    for await (const fact of facts.list(query)) {
      behind = fact.key.slice(prefix.length)
      const message = messageOf(threadId, behind, fact)
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
  threadId: string,
  id: string,
  { role, parts }: ThreadMessageInit
): ThreadMessage {
  return { id, threadId, role, parts, createdAt: new Date(timeOf(id)).toISOString() }
}

/** What others write may be anything: only what is a message is one. */
function messageOf(threadId: string, id: string, { value, hlc }: Fact): ThreadMessage | undefined {
  if (!isUuid(id) || !isJsonObject(value)) return undefined
  // An id from the future would stay the newest for ever, and all others would have to follow it.
  if (timeOf(id) > Date.parse(hlc.slice(0, ISO_LENGTH)) + LIMITS.memorySkew.value) return undefined
  const { role, parts } = value
  const known = ROLES.find((each) => each === role)
  if (known === undefined || !Array.isArray(parts) || !parts.every(isJsonObject)) return undefined
  return newMessage(threadId, id, { role: known, parts })
}

const ISO_LENGTH = '2026-01-02T03:04:05.678Z'.length

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
