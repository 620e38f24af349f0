/** The folders that an operator gives to agents, by the names under which callers find them. */
import { basename } from 'node:path'

/** Roots by their own names; a second `docs` becomes `docs-2`. */
export function nameRoots(roots: readonly string[]): ReadonlyMap<string, string> {
  const named = new Map<string, string>()
  for (const root of roots) {
    const name = basename(root) || 'root'
    let unique = name
    for (let count = 2; named.has(unique); count++) unique = `${name}-${count}`
    named.set(unique, root)
  }
  return named
}

export interface Candidate {
  readonly root: string
  readonly names: readonly string[]
}

/** `docs/a.md` is a.md in the root called docs, or else docs/a.md in any root. */
export function candidates(
  roots: ReadonlyMap<string, string>,
  names: readonly string[]
): readonly Candidate[] {
  const [first = '', ...rest] = names
  const named = roots.get(first)
  const anywhere = Array.from(roots.values(), (root) => ({ root, names }))
  return named === undefined ? anywhere : [{ root: named, names: rest }, ...anywhere]
}

/** Ordinary files that are no files: with `/` as a root, /proc/self/environ would be one. */
export function isNoFile(path: string): boolean {
  return /^\/(?:proc|sys|dev)(?:\/|$)/.test(path)
}
