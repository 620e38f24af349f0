/** Shared memory in the words of those who use it: agents, programs and clients. */
import type { PeerIdText } from './ids.ts'
import type { Json, JsonObject } from './json.ts'

/** What is known under a key. */
export interface Fact {
  readonly key: string
  readonly value: Json
  /** Which node wrote it. */
  readonly writer: PeerIdText
  /** When, by the clocks of all who wrote before: sorts as text (`2026-01-02T03:04:05.678Z-0003`). */
  readonly hlc: string
  /** ISO 8601: from then on nobody reads it. */
  readonly expiresAt?: string
}

export interface FactQuery {
  /** What keys begin with. */
  readonly prefix?: string
  /** Only keys behind this one, in the direction of reading. */
  readonly after?: string
  readonly limit?: number
  readonly reverse?: boolean
}

export interface FactInit {
  /** Milliseconds from now until nobody reads it any more; without it, never. */
  readonly ttlMs?: number
}

export interface FactWatch {
  /** What keys begin with. */
  readonly prefix?: string
  /** Go on behind the event of this `position`, seen on this node; without it, all that is there first. */
  readonly after?: string
}

/**
 * First a `put` for everything that is there, then `ready`, then what changes: the last change of each
 * key, a slow reader may miss those in between. `reset`: forget everything, it is told again.
 */
export type FactEvent = { readonly position: string } & (
  | { readonly type: 'put'; readonly fact: Fact }
  | { readonly type: 'delete'; readonly key: string }
  | { readonly type: 'ready' | 'reset' }
)

export interface FactSearch {
  /** In words: facts that hold any of them, the most telling first. */
  readonly text?: string
  /** Of the length that the `embedding` of the facts has. */
  readonly vector?: readonly number[]
  /** Default: `both` where there is a vector (given, or made of `text` by this node), else `text`. */
  readonly mode?: 'text' | 'vector' | 'both'
  /** What keys begin with. */
  readonly prefix?: string
  /** Default 10. */
  readonly limit?: number
}

export interface FactHit {
  readonly fact: Fact
  /** Higher is better; comparable within one answer only. */
  readonly score: number
}

export interface FactHits {
  /** Best first. */
  readonly hits: readonly FactHit[]
  /** False when the space holds more than an index may: some facts cannot be found. */
  readonly complete: boolean
}

/** One space. Reading and writing are local and never wait for other nodes. */
export interface SpaceMemory {
  readonly name: string
  /** `~KEY/`: keys that begin so are for this node alone to write, and for all to read. */
  readonly corner: string
  /** As whom this node writes here: `writer` of its own facts and messages. */
  readonly writer: PeerIdText
  get(key: string): Promise<Fact | undefined>
  /**
   * Resolves when it is on this node's disk; the others follow.
   *
   * @param value JSON; its text may have `memoryValueBytes` (docs/limits.md)
   * @throws TypeError for a key that is none, and a value that is no JSON; VALUE_TOO_LARGE, WRITE_DENIED,
   * STORE_BUSY; STORE_FULL, STORE_FAILED: unknown whether it was written
   */
  put(key: string, value: Json, init?: FactInit): Promise<Fact>
  delete(key: string): Promise<void>
  /** In the order of the keys' UTF-8 bytes. */
  list(query?: FactQuery): AsyncIterable<Fact>
  /** Ends when the loop is left, with `signal`, or with the run of the agent that watches. */
  watch(query?: FactWatch, signal?: AbortSignal): AsyncIterable<FactEvent>
  /** What `get` returns, and then, newest first, writes that lost against one that had not seen them. */
  history(key: string): Promise<readonly Fact[]>
  /**
   * Sees all that was on this node's disk at the call; the first search of a large space takes seconds.
   *
   * @throws SEARCH_INVALID, SEARCH_BUSY, SEARCH_FAILED
   */
  search(query: string | FactSearch, signal?: AbortSignal): Promise<FactHits>
  readonly threads: Threads
}

/** Content that is too large for a value, kept while a fact names it. */
export interface MemoryBlobs {
  /**
   * Resolves when it is on this node's disk, to what is to be put into a value within an hour:
   * `{ $blob: { hash, size } }`, anywhere in it.
   *
   * @throws BLOB_TOO_LARGE, BLOBS_FULL; what `content` throws
   */
  put(content: Uint8Array | AsyncIterable<Uint8Array>): Promise<JsonObject>
  /**
   * The content, verified piece by piece; brought from the peers that have it when it is not here.
   *
   * @param name what `put` resolved to
   * @throws TypeError for what names no blob; BLOB_MISSING, BLOBS_FULL
   */
  get(name: Json, signal?: AbortSignal): AsyncIterable<Uint8Array>
}

export interface Memory {
  /**
   * The space of that name; `shared`, which every node of the swarm has, unless named.
   *
   * @throws SPACE_UNKNOWN
   */
  space(name?: string): SpaceMemory
  readonly blobs: MemoryBlobs
}

/** A conversation. Names are those of Mastra, so that its threads can be kept here. */
export interface Thread {
  readonly threadId: string
  /** Whose it is: a user, a project. */
  readonly resourceId: string
  readonly title?: string
  readonly metadata?: JsonObject
  /** ISO 8601. */
  readonly createdAt: string
}

export interface ThreadInit {
  readonly resourceId: string
  /** Default: a new UUIDv7. With that of an existing thread its title and metadata are changed. */
  readonly threadId?: string
  readonly title?: string
  readonly metadata?: JsonObject
}

export type ThreadRole = 'user' | 'assistant' | 'system' | 'tool'

export interface ThreadMessageInit {
  readonly role: ThreadRole
  /** A2A's parts (`{ text }`) or Mastra's (`{ type: 'text', text }`): they are kept as they are. */
  readonly parts: readonly JsonObject[]
}

export interface ThreadMessage extends ThreadMessageInit {
  /** UUIDv7: messages of a thread sort by it. */
  readonly id: string
  readonly threadId: string
  /** Which node wrote it: `role` is what that one says. */
  readonly writer: PeerIdText
  /** ISO 8601. */
  readonly createdAt: string
}

/** What whoever appends knows already, and need not be read again. */
export interface TurnInit {
  /** Id of the newest message of the thread, `null` when it has none; read first without it. */
  readonly behind?: string | null
  /** Makes the thread of this resource in the same write; only for one that is not there yet. */
  readonly create?: Omit<ThreadInit, 'threadId'>
}

/** A page of a thread: the newest messages, or those next to one that is known. */
export interface MessageQuery {
  /** Only messages before the one of this id. */
  readonly before?: string
  /** Only messages after the one of this id. */
  readonly after?: string
  /** Default 50. */
  readonly limit?: number
}

export interface Threads {
  create(init: ThreadInit): Promise<Thread>
  get(threadId: string): Promise<Thread | undefined>
  /** Threads of a resource, by their ids: those that were made here are UUIDv7, so oldest first. */
  list(resourceId: string): AsyncIterable<Thread>
  /**
   * Adds the messages of a turn, in one write to the disk, behind all that this node has of the thread;
   * whoever appends elsewhere at the same time, nothing is lost and the order becomes the same everywhere.
   */
  append(
    threadId: string,
    messages: readonly ThreadMessageInit[],
    init?: TurnInit
  ): Promise<readonly ThreadMessage[]>
  /** Oldest first, in whatever direction one reads. */
  messages(threadId: string, query?: MessageQuery): Promise<readonly ThreadMessage[]>
}
