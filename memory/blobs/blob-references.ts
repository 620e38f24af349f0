/** Knows which records name which blobs: kept in the database, from the changes of each space. */
import type { BlobHash } from '../../core/blob.ts'
import { createByteReader, createByteWriter } from '../../core/bytes.ts'
import { toLumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Operation, Store } from '../../storage/store.ts'
import { prefixRange } from '../../storage/store.ts'
import { createCatchingUp } from '../catching-up.ts'
import type { MemoryId } from '../replica/record.ts'
import type { MemorySpace, Position } from '../shared-memory.ts'
import { blobsNamedIn } from './blob-names.ts'

export type NamingSpace = Pick<MemorySpace, 'space' | 'get' | 'watch'>

export interface BlobReferences {
  /** Resolves when all records that were on disk at the call are known. */
  refresh(signal: AbortSignal): Promise<void>
  /** The spaces in which a record names the blob, as of now. */
  spacesNaming(hash: BlobHash): Promise<readonly MemoryId[]>
}

type Rows = Pick<Store, 'get' | 'getMany' | 'iterate' | 'commit'>

export interface BlobReferencesComponents {
  /** The node's database as a space sees it; asked for when it is used. */
  readonly store: (space: MemoryId) => Rows
  readonly spaces: () => readonly NamingSpace[]
}

export function createBlobReferences(components: BlobReferencesComponents): BlobReferences {
  return new References(components)
}

const HASH_BYTES = 32

class References implements BlobReferences {
  readonly refresh: BlobReferences['refresh']
  readonly #store: BlobReferencesComponents['store']
  readonly #spaces: () => readonly NamingSpace[]
  constructor({ store, spaces }: BlobReferencesComponents) {
    this.#store = store
    this.#spaces = spaces
    this.refresh = createCatchingUp(async (signal) => {
      for (const space of spaces()) await unlessForgotten(this.#follow(space, signal))
    })
  }

  async spacesNaming(hash: BlobHash): Promise<readonly MemoryId[]> {
    const naming: MemoryId[] = []
    for (const space of this.#spaces()) {
      if (await unlessForgotten(this.#isNamedIn(space, hash))) naming.push(space.space.id)
    }
    return naming
  }

  /** Records that expire vanish without a word: each is looked at. */
  async #isNamedIn(space: NamingSpace, hash: BlobHash): Promise<boolean> {
    const rows = referenceRows(space.space.id)
    for await (const [row] of this.#store(rows.space).iterate(rows.allOf(hash))) {
      const entry = await space.get(rows.keyOf(row, hash))
      if (entry !== undefined && blobsNamedIn(entry.value).includes(hash)) return true
    }
    return false
  }

  async #follow(space: NamingSpace, signal: AbortSignal): Promise<void> {
    const rows = referenceRows(space.space.id)
    const mark = await this.#store(rows.space).get(rows.mark)
    const after = mark && decodePosition(mark)
    // A part of the references cannot tell what was deleted while nobody looked.
    if (after === undefined) await this.#clear(rows)
    const changed = new Map<string, readonly BlobHash[]>()
    for await (const event of space.watch(after ? { after } : {}, signal)) {
      if (event.type === 'put') changed.set(event.entry.key, blobsNamedIn(event.entry.value))
      else if (event.type === 'delete') changed.set(event.key, [])
      else if (event.type === 'reset') {
        changed.clear()
        await this.#clear(rows)
      } else {
        await this.#write(rows, changed, event.position)
        return
      }
      if (changed.size >= LIMITS.searchBatch.value) {
        await this.#write(rows, changed)
        changed.clear()
      }
    }
    signal.throwIfAborted()
  }

  /** What a key named before is in a row of its own, so that an overwritten record lets go of it. */
  async #write(
    rows: ReferenceRows,
    changed: ReadonlyMap<string, readonly BlobHash[]>,
    position?: Position
  ): Promise<void> {
    const keys = [...changed.keys()]
    const before = await this.#store(rows.space).getMany(keys.map((key) => rows.key(key)))
    const operations = keys.flatMap((key, at): Operation[] => {
      const gone = decodeHashes(before[at])
      const named = changed.get(key) ?? []
      if (gone.length === 0 && named.length === 0) return []
      return [
        ...gone.map((hash): Operation => ({ type: 'del', key: rows.reference(hash, key) })),
        ...named.map((hash): Operation => ({
          type: 'put',
          key: rows.reference(hash, key),
          value: new Uint8Array()
        })),
        named.length === 0
          ? { type: 'del', key: rows.key(key) }
          : { type: 'put', key: rows.key(key), value: Buffer.from(named.join(''), 'hex') }
      ]
    })
    if (position !== undefined) {
      operations.push({ type: 'put', key: rows.mark, value: encodePosition(position) })
    }
    if (operations.length > 0) await this.#store(rows.space).commit(operations, { sync: false })
  }

  async #clear(rows: ReferenceRows): Promise<void> {
    let operations: Operation[] = []
    for await (const [key] of this.#store(rows.space).iterate(rows.all)) {
      operations.push({ type: 'del', key })
      if (operations.length < LIMITS.searchBatch.value) continue
      await this.#store(rows.space).commit(operations, { sync: false })
      operations = []
    }
    if (operations.length > 0) await this.#store(rows.space).commit(operations, { sync: false })
  }
}

/** A space that is forgotten meanwhile names nothing. */
async function unlessForgotten<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (toLumosError(error).code !== 'SPACE_UNKNOWN') throw error
    return undefined
  }
}

interface ReferenceRows {
  readonly space: MemoryId
  readonly mark: string
  readonly all: ReturnType<typeof prefixRange>
  /** What the record of a key names. */
  key(key: string): string
  reference(hash: BlobHash, key: string): string
  allOf(hash: BlobHash): ReturnType<typeof prefixRange>
  keyOf(row: string, hash: BlobHash): string
}

function referenceRows(space: MemoryId): ReferenceRows {
  const root = `mem/${space}/blob/`
  const rootOf = (hash: BlobHash): string => `${root}h/${hash}/`
  return {
    space,
    // Deleted first: an interrupted clearing is begun again.
    mark: `${root}at`,
    all: prefixRange(root),
    key: (key) => `${root}k/${key}`,
    reference: (hash, key) => rootOf(hash) + key,
    allOf: (hash) => prefixRange(rootOf(hash)),
    keyOf: (row, hash) => row.slice(rootOf(hash).length)
  }
}

function decodeHashes(bytes: Uint8Array | undefined): BlobHash[] {
  if (bytes === undefined) return []
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, at) =>
    Buffer.from(bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)).toString('hex')
  )
}

function encodePosition({ lsn, epoch }: Position): Uint8Array {
  const writer = createByteWriter()
  writer.u48(lsn)
  writer.u32(epoch)
  return writer.take()
}

function decodePosition(bytes: Uint8Array): Position | undefined {
  const reader = createByteReader(bytes, (reason) => new Error(reason))
  try {
    return { lsn: reader.u48(), epoch: reader.u32() }
  } catch {
    return undefined
  }
}
