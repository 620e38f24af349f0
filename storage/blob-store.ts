/** Keeps blobs on disk: each wholly there, verified whenever it is read, or not at all. */
import { constants } from 'node:fs'
import { open, readdir, rename, stat, unlink, utimes } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobHash, BlobManifest, BlobReader } from '../core/blob.ts'
import {
  assertFits,
  BLOB_CHUNK_BYTES,
  blobManifest,
  chunkCount,
  hashOfChunk,
  isBlobHash,
  isChunk
} from '../core/blob.ts'
import type { Clock } from '../core/clock.ts'
import { LumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Random } from '../core/random.ts'
import { isErrno, syncDirectory } from './atomic-file.ts'
import { fileBytes, goodChunks, openBlobFile, seal, writeAll } from './blob-files.ts'
import { ensurePrivateDirectory, errnoText } from './private-directory.ts'

export interface StoredBlob {
  readonly hash: BlobHash
  /** On disk. */
  readonly bytes: number
  /** Milliseconds since the epoch: when it was last put. */
  readonly touchedAt: number
}

/** A blob on its way here. What was written stays for another try, also after a restart. */
export interface PartialBlob {
  /** The chunk that is to be written next. */
  readonly next: number
  /** @throws BLOB_INVALID for other bytes than the chunk's; STORE_FULL, STORE_FAILED */
  write(bytes: Uint8Array): Promise<void>
  /** When all chunks are written: now it is there. */
  finish(): Promise<void>
  close(): Promise<void>
}

export interface BlobStore {
  /** Of all blobs, and of what is on its way here. */
  readonly bytes: number
  blobs(): readonly StoredBlob[]
  has(hash: BlobHash): boolean
  /** @throws BLOB_TOO_LARGE, BLOBS_FULL, STORE_FULL, STORE_FAILED; what `content` throws */
  put(content: AsyncIterable<Uint8Array>): Promise<BlobManifest>
  /** @throws STORE_CORRUPT, STORE_FAILED */
  open(hash: BlobHash): Promise<BlobReader | undefined>
  /** Only one at a time of each blob. @throws BLOBS_FULL, STORE_FULL, STORE_FAILED */
  receive(manifest: BlobManifest): Promise<PartialBlob>
  delete(hash: BlobHash): Promise<void>
  /** Forgets what nobody has gone on with since `before`. */
  deletePartials(before: number): Promise<void>
}

export interface BlobStoreComponents {
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
}

export interface BlobStoreInit {
  readonly directory: string
  /** Default: LIMITS.blobsBytes. */
  readonly limitBytes?: number
}

/** Neither truncates what is there nor appends to it: every chunk has its place. */
const IN_PLACE = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW

const PART = '.part'
/** Files that are looked at together when the store is opened. */
const AT_ONCE = 64

/** @throws HOME_UNUSABLE, STORE_FAILED */
export async function openBlobStore(
  components: BlobStoreComponents,
  init: BlobStoreInit
): Promise<BlobStore> {
  await ensurePrivateDirectory(init.directory)
  const store = new BlobFiles(components, init)
  await store.load()
  return store
}

class BlobFiles implements BlobStore {
  readonly #components: BlobStoreComponents
  readonly #directory: string
  readonly #limitBytes: number
  readonly #blobs = new Map<BlobHash, StoredBlob>()
  /** Bytes of files that are no blobs yet, by name. */
  readonly #partials = new Map<string, number>()
  #bytes = 0

  constructor(components: BlobStoreComponents, { directory, limitBytes }: BlobStoreInit) {
    this.#components = components
    this.#directory = directory
    this.#limitBytes = limitBytes ?? LIMITS.blobsBytes.value
  }

  get bytes(): number {
    return this.#bytes
  }

  async load(): Promise<void> {
    await this.#guarded(async () => {
      const names = await readdir(this.#directory)
      for (let at = 0; at < names.length; at += AT_ONCE) {
        await Promise.all(names.slice(at, at + AT_ONCE).map((name) => this.#note(name)))
      }
    })
  }

  blobs(): readonly StoredBlob[] {
    return [...this.#blobs.values()]
  }

  has(hash: BlobHash): boolean {
    return this.#blobs.has(hash)
  }

  async put(content: AsyncIterable<Uint8Array>): Promise<BlobManifest> {
    const name = `put-${Buffer.from(this.#components.random.bytes(16)).toString('hex')}${PART}`
    const file = await this.#guarded(() => open(this.#path(name), 'wx', 0o600))
    try {
      const manifest = await this.#write(file, name, content)
      await this.#guarded(() => seal(file, manifest))
      await file.close()
      await this.#guarded(() => this.#place(name, manifest))
      return manifest
    } catch (error) {
      await file.close().catch(() => undefined)
      await unlink(this.#path(name)).catch(() => undefined)
      this.#release(name)
      throw error
    }
  }

  async open(hash: BlobHash): Promise<BlobReader | undefined> {
    if (!this.#blobs.has(hash)) return undefined
    return this.#guarded(() => openBlobFile(this.#path(hash), hash, () => this.delete(hash)))
  }

  async receive(manifest: BlobManifest): Promise<PartialBlob> {
    const name = manifest.hash + PART
    const path = this.#path(name)
    this.#reserve(name, fileBytes(manifest.size, manifest.chunks.length))
    const file = await this.#guarded(() => open(path, IN_PLACE, 0o600))
    let next = await this.#guarded(() => goodChunks(file, manifest))
    return {
      get next() {
        return next
      },
      write: async (bytes) => {
        if (!isChunk(manifest, next, bytes)) {
          throw new LumosError('BLOB_INVALID', { details: { hash: manifest.hash } })
        }
        await this.#guarded(() => writeAll(file, bytes, next * BLOB_CHUNK_BYTES))
        next += 1
      },
      finish: async () => {
        if (next < manifest.chunks.length) throw new TypeError('chunks of the blob are missing')
        await this.#guarded(async () => {
          await seal(file, manifest)
          await this.#place(name, manifest)
        })
      },
      close: () => file.close()
    }
  }

  async delete(hash: BlobHash): Promise<void> {
    const blob = this.#blobs.get(hash)
    if (blob === undefined) return
    this.#blobs.delete(hash)
    this.#bytes -= blob.bytes
    await this.#guarded(() => unlink(this.#path(hash)))
  }

  async deletePartials(before: number): Promise<void> {
    await this.#guarded(async () => {
      for (const name of this.#partials.keys()) {
        const { mtimeMs } = await stat(this.#path(name))
        if (mtimeMs >= before) continue
        await unlink(this.#path(name))
        this.#release(name)
      }
    })
  }

  async #write(
    file: FileHandle,
    name: string,
    content: AsyncIterable<Uint8Array>
  ): Promise<BlobManifest> {
    const chunks: string[] = []
    let size = 0
    for await (const chunk of chunked(content)) {
      assertFits(size + chunk.length)
      this.#reserve(name, fileBytes(size + chunk.length, chunkCount(size + chunk.length)))
      await this.#guarded(() => writeAll(file, chunk, size))
      chunks.push(hashOfChunk(chunk))
      size += chunk.length
    }
    return blobManifest(size, chunks)
  }

  /** The file is whole and on disk: it gets the name under which it is found. */
  async #place(name: string, { hash, size, chunks }: BlobManifest): Promise<void> {
    const now = this.#components.clock.now()
    await utimes(this.#path(name), now / 1000, now / 1000)
    await rename(this.#path(name), this.#path(hash))
    await syncDirectory(this.#directory)
    this.#release(name)
    this.#keep({ hash, bytes: fileBytes(size, chunks.length), touchedAt: now })
  }

  async #note(name: string): Promise<void> {
    const { size, mtimeMs } = await stat(this.#path(name))
    if (isBlobHash(name)) this.#keep({ hash: name, bytes: size, touchedAt: mtimeMs })
    else if (isBlobHash(name.replace(PART, ''))) this.#hold(name, size)
    // Whoever put it has died before it was whole.
    else if (name.endsWith(PART)) await unlink(this.#path(name))
  }

  #keep(blob: StoredBlob): void {
    this.#bytes += blob.bytes - (this.#blobs.get(blob.hash)?.bytes ?? 0)
    this.#blobs.set(blob.hash, blob)
  }

  /** @throws BLOBS_FULL */
  #reserve(name: string, bytes: number): void {
    const growth = bytes - (this.#partials.get(name) ?? 0)
    const isFull =
      this.#bytes + growth > this.#limitBytes ||
      this.#blobs.size + this.#partials.size >= LIMITS.blobs.value
    if (growth > 0 && isFull) throw new LumosError('BLOBS_FULL')
    this.#hold(name, bytes)
  }

  #hold(name: string, bytes: number): void {
    this.#bytes += bytes - (this.#partials.get(name) ?? 0)
    this.#partials.set(name, bytes)
  }

  #release(name: string): void {
    this.#bytes -= this.#partials.get(name) ?? 0
    this.#partials.delete(name)
  }

  #path(name: string): string {
    return join(this.#directory, name)
  }

  async #guarded<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (cause) {
      throw fileError(this.#directory, cause)
    }
  }
}

function fileError(path: string, cause: unknown): LumosError {
  if (cause instanceof LumosError) return cause
  if (isErrno(cause, 'ENOSPC') || isErrno(cause, 'EDQUOT')) {
    return new LumosError('STORE_FULL', { cause, details: { path } })
  }
  return new LumosError('STORE_FAILED', { cause, details: { path, reason: errnoText(cause) } })
}

/** The same bytes in chunks of one length, the last one aside. */
async function* chunked(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let length = 0
  for await (const piece of content) {
    let rest = piece
    while (length + rest.length >= BLOB_CHUNK_BYTES) {
      const taken = rest.subarray(0, BLOB_CHUNK_BYTES - length)
      yield Buffer.concat([...waiting, taken])
      rest = rest.subarray(taken.length)
      waiting = []
      length = 0
    }
    waiting.push(rest)
    length += rest.length
  }
  if (length > 0) yield Buffer.concat(waiting)
}
