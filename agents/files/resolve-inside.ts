/** Follows a path below a folder, links included, without ever looking at anything outside of it. */
import { lstat, readlink } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { isHidden } from './share-path.ts'

/** As many as Linux follows (MAXSYMLINKS). */
const MAX_LINKS = 40

export type Resolution =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'missing' }
  /** It leads outside, or to something hidden; whether that exists was not looked up. */
  | { readonly kind: 'outside' }

const MISSING: Resolution = { kind: 'missing' }
const OUTSIDE: Resolution = { kind: 'outside' }

/**
 * Resolves `names` below `root`, which must be a real path. Unlike `realpath`, a link that leaves
 * `root` ends the walk before its target is touched, so the answer tells nothing about the target.
 */
export async function resolveInside(root: string, names: readonly string[]): Promise<Resolution> {
  let path = root
  let links = 0
  const todo = [...names]
  for (let name = todo.shift(); name !== undefined; name = todo.shift()) {
    const next = join(path, name)
    const link = await linkAt(next)
    if (link === undefined) return MISSING
    if (link === false) {
      path = next
      continue
    }
    if (++links > MAX_LINKS) return MISSING
    const inside = namesBelow(root, resolve(path, link))
    if (inside === undefined || inside.some(isHidden)) return OUTSIDE
    todo.unshift(...inside)
    path = root
  }
  return { kind: 'found', path }
}

/** The target of the link at `path`, `false` when it is no link, `undefined` when nothing is there. */
async function linkAt(path: string): Promise<string | false | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() && (await readlink(path))
  } catch {
    return undefined
  }
}

/** The names on the way from `root` to `path`, or `undefined` when `path` is elsewhere. */
export function namesBelow(root: string, path: string): readonly string[] | undefined {
  const way = relative(root, path)
  if (way === '') return []
  const names = way.split(sep)
  return names[0] === '..' || resolve(root, way) === way ? undefined : names
}
