/** A space as agents, programs and people use it: values are JSON, writers are nodes. */
import { isPlainText } from '../core/bytes.ts'
import type { Clock } from '../core/clock.ts'
import { LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { Json } from '../core/json.ts'
import { LIMITS } from '../core/limits.ts'
import type { Fact, FactEvent, FactInit, Memory, MemoryBlobs, SpaceMemory } from '../core/memory.ts'
import type { Random } from '../core/random.ts'
import { peerOfKey } from '../trust/author-key.ts'
import { cornerOf } from './spaces/access.ts'
import { nameBlob, readBlobName } from './blobs/blob-names.ts'
import type { Blobs } from './blobs/blobs.ts'
import type { HybridTime } from './replica/hlc.ts'
import { decodeValue, encodeValue } from './json-value.ts'
import type { AuthorKey } from './replica/record.ts'
import type { MemorySearch } from './search/search.ts'
import type {
  MemoryEntry,
  MemorySpace,
  Position,
  SharedMemory,
  WatchEvent
} from './shared-memory.ts'
import { SEALED_VALUE_OVERHEAD } from './spaces/sealing.ts'
import { SHARED_NAME } from './spaces/space.ts'
import type { Space } from './spaces/space.ts'
import { createThreads } from './threads.ts'

export interface MemoryComponents {
  readonly clock: Clock
  readonly random: Random
  readonly spaces: Pick<SharedMemory, 'space'>
  readonly search: Pick<MemorySearch, 'search'>
  readonly blobs: Pick<Blobs, 'put' | 'get'>
}

export interface MemoryInit {
  /** This node's key. */
  readonly author: AuthorKey
  /** Ends every watch. */
  readonly signal?: AbortSignal
}

/** The spaces of this node for one user of them. */
export function createMemory(components: MemoryComponents, init: MemoryInit): Memory {
  return {
    space: (name = SHARED_NAME) => createFacts(components, components.spaces.space(name), init),
    blobs: createFactBlobs(components)
  }
}

function createFacts(
  { clock, random, search }: MemoryComponents,
  entries: MemorySpace,
  { author, signal: ended }: MemoryInit
): SpaceMemory {
  const { space } = entries

  async function put(key: string, value: Json, init?: FactInit): Promise<MemoryEntry> {
    checkKey(key)
    const bytes = encodeValue(value)
    checkSize(space, key, bytes)
    return entries.put(key, bytes, init)
  }

  const facts: Omit<SpaceMemory, 'threads'> = {
    name: space.name,
    corner: cornerOf(author),
    writer: peerOf(author),
    async get(key) {
      const entry = await entries.get(key)
      return entry && toFact(entry)
    },
    put: async (key, value, init) => toFact(await put(key, value, init)),
    async delete(key) {
      checkKey(key)
      await entries.delete(key)
    },
    async *list(query) {
      for await (const entry of entries.list(query)) yield toFact(entry)
    },
    async *watch({ prefix, after } = {}, signal) {
      const query = {
        ...(prefix !== undefined && { prefix }),
        ...(after !== undefined && { after: positionOf(after) })
      }
      const signals = [ended, signal].filter((each) => each !== undefined)
      for await (const event of entries.watch(query, AbortSignal.any(signals))) {
        yield toEvent(event)
      }
    },
    history: async (key) => (await entries.history(key)).map(toFact),
    async search(query, signal) {
      const asked = typeof query === 'string' ? { text: query } : query
      const { hits, complete } = await search.search(entries, asked, signal)
      return { hits: hits.map(({ entry, score }) => ({ fact: toFact(entry), score })), complete }
    }
  }
  return { ...facts, threads: createThreads({ clock, random, facts, put, entries, peerOf }) }
}

function checkKey(key: string): void {
  const most = LIMITS.memoryKeyBytes.value
  const length = Buffer.byteLength(key)
  if (length < 1 || length > most || !isPlainText(key)) {
    throw new TypeError(`a key has 1 to ${most} bytes and no control characters`)
  }
}

function checkSize({ name, valueBytes, sealed }: Space, key: string, { length }: Uint8Array): void {
  const limit = valueBytes - (sealed ? SEALED_VALUE_OVERHEAD : 0)
  if (length <= limit) return
  const details = { key, bytes: length, limit, space: name }
  throw new LumosError('VALUE_TOO_LARGE', { details })
}

function createFactBlobs({ blobs }: MemoryComponents): MemoryBlobs {
  return {
    put: async (content) => nameBlob(await blobs.put(content)),
    get(name, signal) {
      const named = readBlobName(name)
      if (named === undefined) throw new TypeError('this value names no blob')
      return blobs.get(named.hash, signal)
    }
  }
}

/** Hybrid times in the form of ISO 8601, with the counter behind. */
function timeText({ ms, counter }: HybridTime): string {
  return `${new Date(ms).toISOString()}-${counter.toString(16).padStart(4, '0')}`
}

/** Spelling a PeerId costs more than all else of a read. */
const peers = new Map<AuthorKey, PeerIdText>()

function peerOf(author: AuthorKey): PeerIdText {
  const known = peers.get(author)
  if (known !== undefined) return known
  if (peers.size >= LIMITS.memoryWriters.value) peers.clear()
  const peer = peerOfKey(author)
  peers.set(author, peer)
  return peer
}

function toFact({ key, value, author, time, expires }: MemoryEntry): Fact {
  return {
    key,
    value: decodeValue(value),
    writer: peerOf(author),
    hlc: timeText(time),
    ...(expires !== undefined && { expiresAt: new Date(expires).toISOString() })
  }
}

function toEvent(event: WatchEvent): FactEvent {
  const position = `${event.position.epoch}-${event.position.lsn}`
  if (event.type === 'put') return { position, type: 'put', fact: toFact(event.entry) }
  if (event.type === 'delete') return { position, type: 'delete', key: event.key }
  return { position, type: event.type }
}

function positionOf(text: string): Position {
  const [, epoch, lsn] = /^(\d{1,10})-(\d{1,15})$/.exec(text) ?? []
  if (epoch === undefined || lsn === undefined) {
    throw new TypeError(`"${text}" is no position of a watch`)
  }
  return { epoch: Number(epoch), lsn: Number(lsn) }
}
