/** Lists and reads below the folders that the operator shares, and nowhere else. */
import type { Stats } from 'node:fs'
import {
  constants,
  type FileHandle,
  lstat,
  open,
  readdir,
  readlink,
  realpath
} from 'node:fs/promises'
import { join } from 'node:path'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { namesBelow, resolveInside } from './resolve-inside.ts'
import { candidates, isNoFile, nameRoots } from './roots.ts'
import type { Candidate } from './roots.ts'
import { isHidden, isShareable, parseSharePath } from './share-path.ts'

/**
 * O_NOFOLLOW: a link that appeared since the path was resolved is not followed.
 * O_NONBLOCK: opening a FIFO that nobody writes to must not hang a thread of the pool for ever.
 */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

const READ_SIZE = 64 * 1024

export interface FolderEntry {
  readonly name: string
  readonly type: 'file' | 'folder' | 'link' | 'other'
  /** Bytes; 0 unless a file. */
  readonly size: number
}

export interface Listing {
  readonly entries: readonly FolderEntry[]
  /** More entries exist than `LIMITS.fileEntries`. */
  readonly truncated: boolean
}

/** `undefined` results mean: nothing of that name, or not of that kind. */
export interface SharedFolders {
  /** Rejects with PATH_DENIED for what is not below a shared folder, whether it exists or not. */
  list(path: string, signal: AbortSignal): Promise<Listing | undefined>
  /** As `list`; PAYLOAD_TOO_LARGE above `LIMITS.fileBytes`. */
  read(path: string, signal: AbortSignal): Promise<Uint8Array | undefined>
}

/** @param roots paths of the folders; one that does not exist (yet) shares nothing. */
export function createSharedFolders(roots: readonly string[]): SharedFolders {
  const named = nameRoots(roots)

  async function openPath(path: string): Promise<Opened | undefined> {
    const wanted = parseSharePath(path)
    if (wanted === undefined) throw denied()
    for (const candidate of candidates(named, wanted)) {
      const opened = await openInside(candidate)
      if (opened !== undefined) return opened
    }
    return undefined
  }

  return {
    async list(path, signal) {
      if (named.size > 1 && parseSharePath(path)?.length === 0) return listRoots(named)
      await using opened = await openPath(path)
      if (opened === undefined || !opened.stats.isDirectory()) return undefined
      // Awaited here: `opened` closes when this function returns.
      return await listFolder(opened, signal)
    },
    async read(path, signal) {
      await using opened = await openPath(path)
      if (opened === undefined || !opened.stats.isFile()) return undefined
      return await readAll(opened, signal)
    }
  }
}

function denied(cause?: unknown): LumosError {
  return new LumosError('PATH_DENIED', { cause })
}

function listRoots(roots: ReadonlyMap<string, string>): Listing {
  const entries = Array.from(roots.keys(), (name) => ({ name, type: 'folder', size: 0 }) as const)
  return { entries, truncated: false }
}

interface Opened extends AsyncDisposable {
  readonly handle: FileHandle
  readonly stats: Stats
  /** A path that leads to what was opened, even when the names on the way changed since. */
  readonly path: string
}

async function openInside({ root: folder, names }: Candidate): Promise<Opened | undefined> {
  const root = await realpath(folder).catch(() => undefined)
  if (root === undefined) return undefined
  const resolution = await resolveInside(root, names)
  if (resolution.kind === 'missing') return undefined
  if (resolution.kind === 'outside' || isNoFile(resolution.path)) throw denied()
  const handle = await openResolved(resolution.path)
  try {
    const stats = await handle.stat()
    const path = await provenPath(handle, { root, stats, path: resolution.path })
    return { handle, stats, path, [Symbol.asyncDispose]: () => handle.close() }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** It was there a moment ago: if it is not now, somebody is swapping things under our feet. */
async function openResolved(path: string): Promise<FileHandle> {
  try {
    return await open(path, OPEN_FLAGS)
  } catch (cause) {
    throw denied(cause)
  }
}

interface Expected {
  readonly root: string
  readonly path: string
  readonly stats: Stats
}

/**
 * Between resolving and opening, a folder on the way may have been replaced by a link. The kernel
 * knows what was really opened; where it does not tell, the file at the path must be that very one.
 */
async function provenPath(handle: FileHandle, { root, path, stats }: Expected): Promise<string> {
  const byDescriptor = `/proc/self/fd/${handle.fd}`
  const real = await readlink(byDescriptor).catch(() => undefined)
  if (real !== undefined) {
    const inside = namesBelow(root, real)
    if (inside === undefined || inside.some(isHidden) || isNoFile(real)) throw denied()
    return byDescriptor
  }
  const now = await realpath(path).catch(() => undefined)
  const { dev, ino } = await lstat(path).catch(() => ({ dev: -1, ino: -1 }))
  if (now !== path || dev !== stats.dev || ino !== stats.ino) throw denied()
  return path
}

async function listFolder({ path }: Opened, signal: AbortSignal): Promise<Listing> {
  const names = (await readdir(path)).filter(isShareable).toSorted(byCodeUnits)
  const entries: FolderEntry[] = []
  for (const name of names.slice(0, LIMITS.fileEntries.value)) {
    signal.throwIfAborted()
    const stats = await lstat(join(path, name)).catch(() => undefined)
    if (stats !== undefined) entries.push(describe(name, stats))
  }
  return { entries, truncated: names.length > LIMITS.fileEntries.value }
}

function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function describe(name: string, stats: Stats): FolderEntry {
  if (stats.isFile()) return { name, type: 'file', size: stats.size }
  if (stats.isDirectory()) return { name, type: 'folder', size: 0 }
  return { name, type: stats.isSymbolicLink() ? 'link' : 'other', size: 0 }
}

/** Reads to the end, not to the size that was reported: a growing file stays bounded all the same. */
async function readAll({ handle }: Opened, signal: AbortSignal): Promise<Uint8Array> {
  const limit = LIMITS.fileBytes.value
  const chunks: Uint8Array[] = []
  let bytes = 0
  for (;;) {
    signal.throwIfAborted()
    const { bytesRead, buffer } = await handle.read(new Uint8Array(READ_SIZE), 0, READ_SIZE)
    if (bytesRead === 0) return Buffer.concat(chunks, bytes)
    bytes += bytesRead
    if (bytes > limit) throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes, limit } })
    chunks.push(buffer.subarray(0, bytesRead))
  }
}
