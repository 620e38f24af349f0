/** Finds where a package and all it needs lie, for a process that may read nothing else. */
import { existsSync, lstatSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, parse, resolve, sep } from 'node:path'
import { z } from 'zod'

const manifestSchema = z.object({ dependencies: z.record(z.string(), z.string()).optional() })

/**
 * The folders of `name`, as found from the folder `from`, and of its dependencies: under the names
 * by which Node looks for them, where those lead, and the symbolic links on the way, of which pnpm,
 * worktrees and `npm link` make node_modules.
 */
export function packageFolders(name: string, from: string): readonly string[] {
  const folders = new Set<string>()
  const visited = new Set<string>()

  function collect(wanted: string, folder: string): void {
    const place = placesOf(wanted, folder).find((each) => existsSync(each))
    // An optional dependency that was not installed.
    if (place === undefined) return
    const real = realpathSync(place)
    for (const path of [place, real, ...linksOn(place)]) folders.add(path)
    if (visited.has(real)) return
    visited.add(real)
    for (const dependency of dependenciesOf(real)) collect(dependency, real)
  }

  collect(name, from)
  return outermost([...folders])
}

/** Without those inside others: Node 24 forgets `/a/*` when it was told of `/a/b/*` before. */
function outermost(folders: readonly string[]): string[] {
  return folders.filter(
    (folder) => !folders.some((other) => other !== folder && folder.startsWith(join(other, sep)))
  )
}

/** Nearest first. */
function placesOf(name: string, folder: string): string[] {
  const places = createRequire(join(folder, sep)).resolve.paths(name) ?? []
  return places.map((place) => join(place, name))
}

function dependenciesOf(folder: string): string[] {
  const text = readFileSync(join(folder, 'package.json'), 'utf8')
  const { dependencies = {} } = manifestSchema.parse(JSON.parse(text))
  return Object.keys(dependencies)
}

/** What realpath(3) meets: Node asks for the right to read each. */
function linksOn(path: string): string[] {
  const links: string[] = []
  const { root } = parse(path)
  const rest = partsOf(path)
  let at = root
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    const next = join(at, part)
    if (!lstatSync(next).isSymbolicLink()) {
      at = next
      continue
    }
    links.push(next)
    rest.unshift(...partsOf(resolve(at, readlinkSync(next))))
    at = root
  }
  return links
}

function partsOf(path: string): string[] {
  return path.slice(parse(path).root.length).split(sep).filter(Boolean)
}
