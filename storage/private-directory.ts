/** Folders that belong to one OS user alone: keys and sockets live in them. */
import { chmod, lstat } from 'node:fs/promises'
import { getSystemErrorMessage } from 'node:util'
import { makeDirectories } from '../core/directories.ts'
import { LumosError } from '../core/errors.ts'

/**
 * Creates `path` (and its parents) if needed and makes sure that it is a real folder of this OS
 * user with mode 0700. In /tmp anybody may have put a folder or a link there before us.
 *
 * @throws HOME_UNUSABLE
 */
export async function ensurePrivateDirectory(path: string): Promise<void> {
  let stats
  try {
    await makeDirectories(path)
    stats = await lstat(path)
  } catch (cause) {
    throw unusable(path, errnoText(cause), cause)
  }
  if (stats.isSymbolicLink()) throw unusable(path, 'it is a symbolic link')
  if (!stats.isDirectory()) throw unusable(path, 'it is not a folder')
  if (process.getuid !== undefined && stats.uid !== process.getuid()) {
    throw unusable(path, 'it belongs to another user')
  }
  if ((stats.mode & 0o077) === 0) return
  try {
    await chmod(path, 0o700)
  } catch (cause) {
    throw unusable(path, errnoText(cause), cause)
  }
}

/** The part of a system error that helps a person: `permission denied (EACCES)`. */
export function errnoText(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (!('code' in error) || typeof error.code !== 'string') return error.message
  return 'errno' in error && typeof error.errno === 'number'
    ? `${getSystemErrorMessage(error.errno)} (${error.code})`
    : error.code
}

function unusable(path: string, reason: string, cause?: unknown): LumosError {
  return new LumosError('HOME_UNUSABLE', { cause, details: { path, reason } })
}
