/** Content too large for a record, by its hash: put here, read from here or from the peers that have it. */
import type { BlobHash, BlobReader } from '../../core/blob.ts'
import { BLOB_CHUNK_BYTES } from '../../core/blob.ts'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Random } from '../../core/random.ts'
import type { BlobStore } from '../../storage/blob-store.ts'
import type { MemoryId } from '../replica/record.ts'
import type { BlobFetcherComponents } from './blob-fetcher.ts'
import { createBlobFetcher } from './blob-fetcher.ts'
import type { BlobName } from './blob-names.ts'
import type { BlobReferences } from './blob-references.ts'

export interface Blobs extends Component {
  /**
   * Resolves when it is on this node's disk. It stays while a record names it; until then, for
   * LIMITS.blobGrace.
   *
   * @throws BLOB_TOO_LARGE, BLOBS_FULL, STORE_FULL, STORE_FAILED; what `content` throws
   */
  put(content: Uint8Array | AsyncIterable<Uint8Array>): Promise<BlobName>
  /**
   * The content in chunks, each verified; what is not here is brought first.
   *
   * @throws BLOB_MISSING, BLOBS_FULL, OVERLOADED, STORE_FULL, STORE_FAILED, SHUTTING_DOWN
   */
  get(hash: BlobHash, signal?: AbortSignal): AsyncIterable<Uint8Array>
  /** For a peer: only what is here, and what a space that it may read names. */
  findFor(peer: PeerIdText, hash: BlobHash): Promise<BlobReader | undefined>
  /** Deletes what no record names. @returns how many */
  collect(): Promise<number>
}

export interface BlobsComponents extends BlobFetcherComponents {
  readonly clock: Clock
  readonly random: Random
  readonly store: BlobStore
  readonly references: BlobReferences
  readonly mayRead: (space: MemoryId, peer: PeerIdText) => boolean
}

/** Garbage is looked for so often, and when the store is nearly full. */
const COLLECT_MS = 30 * 60_000
const NEARLY_FULL = 0.9

/** Reading begins anew when the disk turns out to be spoilt; once, or a broken disk would be filled for ever. */
const READ_TRIES = 2

export function createBlobs(components: BlobsComponents): Blobs {
  return new NodeBlobs(components)
}

class NodeBlobs implements Blobs {
  readonly #components: BlobsComponents
  readonly #fetcher: ReturnType<typeof createBlobFetcher>
  #stopping: AbortController | undefined
  #collecting: Promise<void> = Promise.resolve()

  constructor(components: BlobsComponents) {
    this.#components = components
    this.#fetcher = createBlobFetcher(components)
  }

  async start(): Promise<void> {
    if (this.#stopping !== undefined) return
    this.#stopping = new AbortController()
    this.#collecting = this.#collectAlways(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    this.#stopping?.abort(new LumosError('SHUTTING_DOWN'))
    this.#stopping = undefined
    await this.#collecting
  }

  async put(content: Uint8Array | AsyncIterable<Uint8Array>): Promise<BlobName> {
    const { store } = this.#components
    if (store.bytes > NEARLY_FULL * LIMITS.blobsBytes.value) await this.collect()
    const { hash, size } = await store.put(
      content instanceof Uint8Array ? piecesOf(content) : content
    )
    return { hash, size }
  }

  async *get(hash: BlobHash, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    let next = 0
    for (let tries = 1; ; tries += 1) {
      const reader = await this.#opened(hash, signal)
      try {
        for (; next < reader.manifest.chunks.length; next += 1) {
          signal?.throwIfAborted()
          yield await reader.read(next)
        }
        return
      } catch (error) {
        // What is spoilt is gone from the store: peers may have it.
        if (toLumosError(error).code !== 'STORE_CORRUPT' || tries === READ_TRIES) throw error
      } finally {
        await reader.close()
      }
    }
  }

  async findFor(peer: PeerIdText, hash: BlobHash): Promise<BlobReader | undefined> {
    const { store, references, mayRead } = this.#components
    if (!store.has(hash)) return undefined
    await references.refresh(this.#signal())
    const spaces = await references.spacesNaming(hash)
    return spaces.some((space) => mayRead(space, peer)) ? store.open(hash) : undefined
  }

  async collect(): Promise<number> {
    const { store, clock, references } = this.#components
    await references.refresh(this.#signal())
    const before = clock.now() - LIMITS.blobGrace.value
    let deleted = 0
    for (const { hash, touchedAt } of store.blobs()) {
      if (touchedAt > before) continue
      if ((await references.spacesNaming(hash)).length > 0) continue
      await store.delete(hash)
      deleted += 1
    }
    await store.deletePartials(clock.now() - LIMITS.blobPartial.value)
    return deleted
  }

  async #opened(hash: BlobHash, signal: AbortSignal | undefined): Promise<BlobReader> {
    const { store } = this.#components
    const here = await store.open(hash).catch(corruptIsAbsent)
    if (here !== undefined) return here
    await orAborted(this.#fetcher.fetch(hash, this.#signal()), signal)
    const brought = await store.open(hash)
    if (brought === undefined) throw new LumosError('BLOB_MISSING', { details: { hash } })
    return brought
  }

  #signal(): AbortSignal {
    if (this.#stopping === undefined) throw new LumosError('SHUTTING_DOWN')
    return this.#stopping.signal
  }

  async #collectAlways(signal: AbortSignal): Promise<void> {
    const { clock, random, logger } = this.#components
    while (await clock.sleep(COLLECT_MS * (0.5 + random.next()), signal)) {
      try {
        const deleted = await this.collect()
        if (deleted > 0) logger.debug('blobs that no record names were deleted', { deleted })
      } catch (error) {
        if (signal.aborted) return
        logger.warn('blobs could not be looked through', { code: toLumosError(error).code })
      }
    }
  }
}

function corruptIsAbsent(error: unknown): undefined {
  if (toLumosError(error).code !== 'STORE_CORRUPT') throw error
  return undefined
}

async function* piecesOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += BLOB_CHUNK_BYTES) {
    yield content.subarray(at, at + BLOB_CHUNK_BYTES)
  }
}

/** Whoever gives up leaves the work to others who wait for it. */
async function orAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
    work.catch(() => undefined)
  }
}
