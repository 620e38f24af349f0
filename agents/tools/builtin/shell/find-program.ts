/** Finds the programs that an operator allows, in folders that no task can change. */
import { access, constants } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'

/** Not the PATH of the node: a folder of a project in it would let a task bring its own `git`. */
export const PROGRAM_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/opt/homebrew/bin']

/**
 * Allowed programs are names, or absolute paths: `git` is the first of that name in
 * {@link PROGRAM_FOLDERS}. `undefined` for one that is not there.
 */
export async function findProgram(allowed: string): Promise<string | undefined> {
  const places = isAbsolute(allowed)
    ? [allowed]
    : PROGRAM_FOLDERS.map((folder) => join(folder, allowed))
  for (const place of places) {
    const runs = await access(place, constants.X_OK).then(
      () => true,
      () => false
    )
    if (runs) return place
  }
  return undefined
}
