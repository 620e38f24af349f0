/** Makes folders that belong to one OS user alone. */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Creates `path` and its parents (0700) where they are missing. Not Node's `recursive`: that one
 * never ends where a folder cannot be made although its parent exists, as in /proc (Node 24.21).
 */
export async function makeDirectories(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return
    const parent = dirname(path)
    if (codeOf(error) !== 'ENOENT' || parent === path) throw error
    await makeDirectories(parent)
    await mkdir(path, { mode: 0o700 }).catch(unlessThere)
  }
}

function unlessThere(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
