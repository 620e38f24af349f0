/** Files that are either wholly there or not at all, whenever the process or the machine dies. */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { link, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Json } from '../core/json.ts'

export interface WriteOptions {
  /** File mode; the default 0600 keeps other users out. */
  readonly mode?: number
}

/** Replaces `path` in one step: readers see the old content or the new, never a part. */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  options: WriteOptions = {}
): Promise<void> {
  await throughTemporary(path, { ...options, content }, (temporary) => rename(temporary, path))
}

/** {@link writeFileAtomic} with a JSON document of two-space indent. */
export async function writeJsonAtomic(
  path: string,
  value: Json,
  options: WriteOptions = {}
): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(value, undefined, 2)}\n`, options)
}

/**
 * Creates `path` with its whole content, or leaves it alone when it exists.
 * Of several processes that try at once exactly one gets `true`.
 */
export async function createFileAtomic(
  path: string,
  content: string | Uint8Array,
  options: WriteOptions = {}
): Promise<boolean> {
  let created = true
  await throughTemporary(path, { ...options, content }, async (temporary) => {
    try {
      // link(2) fails when the name is taken, which rename(2) would silently overwrite.
      await link(temporary, path)
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error
      created = false
    }
    await unlink(temporary)
  })
  return created
}

export interface FileRead {
  readonly content: Uint8Array
  readonly mode: number
  readonly uid: number
}

/**
 * Reads a regular file of at most `maxBytes`; `undefined` when there is none.
 * Refuses symbolic links and devices: what others planted must not be followed.
 */
export async function readFileBounded(
  path: string,
  maxBytes: number
): Promise<FileRead | undefined> {
  let handle
  try {
    // Without O_NONBLOCK, opening a planted FIFO would wait for a writer for ever.
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new Error(`${path} is not a regular file`)
    if (stats.size > maxBytes) throw new Error(`${path} is larger than ${maxBytes} bytes`)
    return { content: await handle.readFile(), mode: stats.mode & 0o777, uid: stats.uid }
  } finally {
    await handle.close()
  }
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

async function throughTemporary(
  path: string,
  { content, mode = 0o600 }: WriteOptions & { readonly content: string | Uint8Array },
  place: (temporary: string) => Promise<void>
): Promise<void> {
  // A random name, since two containers that share a volume may well have the same pid.
  const temporary = `${path}.${randomUUID()}.tmp`
  const handle = await open(temporary, 'wx', mode)
  try {
    try {
      // The umask may have taken bits away.
      await handle.chmod(mode)
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await place(temporary)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await syncDirectory(dirname(path))
}

/** Without this the new name itself may be lost with the machine's power. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
