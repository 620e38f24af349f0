/** Makes the folders of a profile, and finds out at once when they cannot be used. */
import { randomUUID } from 'node:crypto'
import { open, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LumosError } from '../../core/errors.ts'
import type { NodePaths } from '../../core/paths.ts'
import { makeDirectories } from '../../core/directories.ts'
import { ensurePrivateDirectory, errnoText } from '../../storage/private-directory.ts'

/** @throws HOME_UNUSABLE with the folder and the reason */
export async function prepareHome(paths: NodePaths): Promise<void> {
  // The outermost folder may be one that people use for other things too: its mode is theirs.
  await ensureDirectory(paths.config)
  for (const folder of [paths.data, paths.state, paths.runtime]) {
    // oxlint-disable-next-line no-await-in-loop -- a parent before its child
    await ensurePrivateDirectory(folder)
  }
  await ensureDirectory(dirname(paths.socket))
  await Promise.all([probe(paths.data), probe(paths.state)])
}

async function ensureDirectory(path: string): Promise<void> {
  try {
    await makeDirectories(path)
    if ((await stat(path)).isDirectory()) return
  } catch (cause) {
    throw unusable(path, errnoText(cause), cause)
  }
  throw unusable(path, 'it is not a folder')
}

/** Rights alone do not tell: the file system may be full or read-only. */
async function probe(folder: string): Promise<void> {
  const path = join(folder, `.probe-${randomUUID()}`)
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.write('probe')
      await file.sync()
    } finally {
      await file.close()
      await unlink(path)
    }
  } catch (cause) {
    throw unusable(folder, errnoText(cause), cause)
  }
}

function unusable(path: string, reason: string, cause?: unknown): LumosError {
  return new LumosError('HOME_UNUSABLE', { cause, details: { path, reason } })
}
