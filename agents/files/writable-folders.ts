/** Writes below the folders that the operator gives for it, whole files at a time, and nowhere else. */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import type { Stats } from 'node:fs'
import { link, lstat, mkdir, open, readlink, realpath, rename, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { candidates, isNoFile, nameRoots } from './roots.ts'
import type { Candidate } from './roots.ts'
import { parseSharePath } from './share-path.ts'

/** No links at all are followed on the way to what is written: nobody can turn one against it. */
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

/** What was there keeps its permissions, but for those that lend the rights of its owner. */
const PERMISSIONS = 0o777
const NEW_FILE_MODE = 0o644

export interface WriteInit {
  /** True: a file that is there already is not replaced. */
  readonly createOnly: boolean
}

export interface WritableFolders {
  /**
   * Resolves when the file is on the disk: whoever reads it meanwhile sees the old content or the
   * new one. Folders on the way are made. Returns whether the file is new; `undefined` when it is
   * not clear in which folder it is to be.
   *
   * @throws PATH_DENIED for what is not below a folder, or no file; FILE_EXISTS, PAYLOAD_TOO_LARGE;
   * what the disk says
   */
  write(path: string, content: Uint8Array, init: WriteInit): Promise<boolean | undefined>
}

/** @param roots paths of the folders; with several of them, paths begin with the name of one. */
export function createWritableFolders(roots: readonly string[]): WritableFolders {
  const named = nameRoots(roots)

  function placeOf(path: string): Candidate | undefined {
    const names = parseSharePath(path)
    if (names === undefined || names.length === 0) throw denied()
    const [place] = candidates(named, names)
    // In the first of several folders by chance is not where anybody meant it to be.
    const isClear = named.size === 1 || named.has(names[0] ?? '')
    return place !== undefined && isClear && place.names.length > 0 ? place : undefined
  }

  return {
    async write(path, content, { createOnly }) {
      const limit = LIMITS.fileWriteBytes.value
      if (content.length > limit) {
        throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes: content.length, limit } })
      }
      const place = placeOf(path)
      if (place === undefined) return undefined
      const name = place.names.at(-1) ?? ''
      await using folder = await openFolder(place)
      const target = join(folder.path, name)
      const before = await lstat(target).catch(() => undefined)
      if (before !== undefined && !before.isFile()) throw denied()
      if (before !== undefined && createOnly) throw exists()
      await writeWhole(folder, { target, content, before, createOnly })
      return before === undefined
    }
  }
}

function denied(cause?: unknown): LumosError {
  return new LumosError('PATH_DENIED', { cause })
}

function exists(cause?: unknown): LumosError {
  return new LumosError('FILE_EXISTS', { cause })
}

interface Folder extends AsyncDisposable {
  readonly handle: FileHandle
  /** Leads to this very folder, where the kernel has such paths, even when it was moved since. */
  readonly path: string
}

/** The folder in which the last of `names` is to be, step by step from the root. */
async function openFolder({ root, names }: Candidate): Promise<Folder> {
  const real = await realpath(root).catch((cause: unknown) => {
    throw denied(cause)
  })
  let folder = await openStep(real)
  for (const name of names.slice(0, -1)) {
    try {
      const next = await openOrMake(join(folder.path, name))
      await folder.handle.close()
      folder = next
    } catch (error) {
      await folder.handle.close()
      throw error
    }
  }
  return folder
}

async function openOrMake(path: string): Promise<Folder> {
  try {
    await mkdir(path)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  }
  return openStep(path)
}

async function openStep(path: string): Promise<Folder> {
  const handle = await open(path, FOLDER).catch((cause: unknown) => {
    throw isCode(cause, 'ELOOP') || isCode(cause, 'ENOTDIR') ? denied(cause) : cause
  })
  try {
    const byDescriptor = `/proc/self/fd/${handle.fd}`
    const real = await readlink(byDescriptor).catch(() => undefined)
    if (isNoFile(real ?? path)) throw denied()
    // Elsewhere than on Linux names are all there is: who can swap folders meanwhile could win a race.
    return {
      handle,
      path: real === undefined ? path : byDescriptor,
      [Symbol.asyncDispose]: () => handle.close()
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

interface Writing {
  readonly target: string
  readonly content: Uint8Array
  readonly before: Stats | undefined
  readonly createOnly: boolean
}

/** Beside the target first, under a hidden name that no path of a caller can have. */
async function writeWhole(
  { handle, path }: Folder,
  { target, content, before, createOnly }: Writing
): Promise<void> {
  const temporary = join(path, `.lumos-${randomUUID()}`)
  try {
    await writeSynced(temporary, content, before)
    if (createOnly) await link(temporary, target)
    else await rename(temporary, target)
    await handle.sync()
  } catch (error) {
    throw createOnly && isCode(error, 'EEXIST') ? exists(error) : error
  } finally {
    // Renamed, it is not there any more.
    await rm(temporary, { force: true })
  }
}

async function writeSynced(
  path: string,
  content: Uint8Array,
  before: Stats | undefined
): Promise<void> {
  // `x`: follows no link, and never opens what somebody else put there.
  const file = await open(path, 'wx', NEW_FILE_MODE)
  try {
    await file.writeFile(content)
    if (before !== undefined) await file.chmod(before.mode & PERMISSIONS)
    await file.sync()
  } finally {
    await file.close()
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
