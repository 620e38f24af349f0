/** Finds what is to be started of a file or a folder that somebody wants to have hosted. */
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { LumosError } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import { isJsonObject } from '../../core/json.ts'

/** A module that exports agents. */
export interface ModuleEntry {
  readonly file: string
  /** Only this export, offered under this id. */
  readonly pick?: { readonly name: string; readonly id: string }
}

export type Entry =
  | { readonly kind: 'modules'; readonly modules: readonly ModuleEntry[]; readonly cwd: string }
  | { readonly kind: 'program'; readonly file: string; readonly cwd: string }

const EXTENSIONS: readonly string[] = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']

/** Where projects have their agents, Mastra's first; each with any of the extensions. */
const USUAL = [
  'src/mastra/index',
  'mastra/index',
  'src/agents/index',
  'agents/index',
  'src/agent',
  'agent',
  'src/index',
  'index'
]

/**
 * `path` is absolute.
 *
 * @throws HOST_INVALID
 */
export function findEntry(path: string): Entry {
  if (!existsSync(path)) throw invalid(path, 'there is no such file')
  if (statSync(path).isDirectory()) return inFolder(path)
  if (EXTENSIONS.includes(extname(path))) {
    return { kind: 'modules', modules: [{ file: path }], cwd: projectOf(path) }
  }
  if (!isExecutable(path)) throw invalid(path, 'it is neither a module nor executable')
  return { kind: 'program', file: path, cwd: dirname(path) }
}

/** A name for what is hosted from there, as agents and hosts have them. */
export function usualName(path: string): string {
  const manifest = readJson(join(path, 'package.json'))
  const called = isJsonObject(manifest) ? manifest['name'] : undefined
  const words = [
    typeof called === 'string' ? called : '',
    path,
    dirname(path),
    dirname(dirname(path)),
    dirname(dirname(dirname(path)))
  ].map((place) => asId(basename(place, extname(place))))
  return words.find((word) => !NO_NAMES.has(word)) ?? 'project'
}

const NO_NAMES: ReadonlySet<string> = new Set([
  '',
  'index',
  'src',
  'main',
  'mastra',
  'agents',
  'agent'
])

/** Lower case letters, digits and dashes, beginning with a letter; perhaps empty. */
export function asId(text: string): string {
  return text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
    .slice(0, 63)
}

function inFolder(folder: string): Entry {
  const graphs = graphsOf(folder)
  if (graphs.length > 0) return { kind: 'modules', modules: graphs, cwd: folder }
  const manifest = readJson(join(folder, 'package.json'))
  const fields = isJsonObject(manifest) ? manifest : {}
  const { lumos } = fields
  const wanted = isJsonObject(lumos) ? lumos['host'] : undefined
  if (typeof wanted === 'string') return { ...findEntry(resolve(folder, wanted)), cwd: folder }
  const usual = USUAL.flatMap((stem) =>
    EXTENSIONS.map((extension) => join(folder, stem + extension))
  )
  const main = fields['main']
  const candidates = [...usual, ...(typeof main === 'string' ? [resolve(folder, main)] : [])]
  const file = candidates.find((candidate) => existsSync(candidate))
  if (file === undefined) {
    throw invalid(
      folder,
      `it has none of ${USUAL.join(', ')}, and package.json names no "lumos.host"`
    )
  }
  return { kind: 'modules', modules: [{ file }], cwd: folder }
}

/** `langgraph.json`: `{ "graphs": { "agent": "./src/agent.ts:graph" } }`. */
function graphsOf(folder: string): ModuleEntry[] {
  const config = readJson(join(folder, 'langgraph.json'))
  const graphs = isJsonObject(config) ? config['graphs'] : undefined
  if (!isJsonObject(graphs)) return []
  return Object.entries(graphs).flatMap(([graph, place]) => {
    const [, file, name] = /^(.+):(\w+)$/.exec(typeof place === 'string' ? place : '') ?? []
    if (file === undefined || name === undefined) return []
    return [{ file: resolve(folder, file), pick: { name, id: asId(graph) || 'graph' } }]
  })
}

/** The nearest folder with a package.json: paths of its code are meant from there. */
function projectOf(file: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (folder === dirname(folder)) return dirname(file)
  }
}

function readJson(path: string): Json | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function invalid(path: string, reason: string): LumosError {
  return new LumosError('HOST_INVALID', { details: { path, reason } })
}
