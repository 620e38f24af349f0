/** Makes a project out of a template of the package: files on disk, no network, no git. */
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { LumosError } from '../core/errors.ts'

export const TEMPLATES = ['agent', 'tool', 'mcp', 'mastra', 'swarm'] as const
export type TemplateName = (typeof TEMPLATES)[number]

/** The name that stands in the files of every template for that of the project. */
const PLACEHOLDER = /my-agent/g
/** npm leaves out files of these names when it packs, or takes them for its own. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: '.gitignore' }
const TEMPLATE_FILE = 'template.json'

/** `template.json`: what a template says of itself. */
interface TemplateInfo {
  /** The file that `lumos dev` runs. */
  readonly main: string
  /** How it is run, where that is not `lumos dev`. */
  readonly run?: string
  /** A command to try when it runs. */
  readonly next: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export interface Project {
  /** Also the id of its (leading) agent. */
  readonly name: string
  readonly directory: string
  /** Relative to the directory, in order. */
  readonly files: readonly string[]
  readonly main: string
  /** The command that runs it. */
  readonly run: string
  readonly next: string
  /** True when `lumos-mesh` is that of a checkout, and needs no `npm install`. */
  readonly linked: boolean
  /** True when it needs packages besides `lumos-mesh`. */
  readonly needsInstall: boolean
}

export interface ProjectInit {
  readonly packageRoot: string
  readonly directory: string
  readonly template: TemplateName
  readonly version: string
}

/**
 * Writes the project; a folder that is there must be empty.
 *
 * @throws FOLDER_NOT_EMPTY, FOLDER_UNUSABLE
 */
export async function createProject(init: ProjectInit): Promise<Project> {
  const { packageRoot, directory, template } = init
  const name = projectName(basename(directory))
  const folder = join(packageRoot, 'templates', template)
  const info = await readInfo(join(folder, TEMPLATE_FILE))
  await makeEmpty(directory)
  const files = [
    ...(await copy(join(packageRoot, 'templates/shared'), directory, name)),
    ...(await copy(folder, directory, name))
  ]
  const manifest = `${JSON.stringify(packageManifest(name, info, init.version), null, 2)}\n`
  await writeFile(join(directory, 'package.json'), manifest)
  const linked = isCheckout(packageRoot)
  if (linked) await linkCheckout(packageRoot, directory, init.version)
  return {
    name,
    directory,
    files: [...files, 'package.json'].toSorted((a, b) => a.localeCompare(b)),
    main: info.main,
    run: (info.run ?? 'lumos dev').replaceAll(PLACEHOLDER, name),
    next: info.next.replaceAll(PLACEHOLDER, name),
    linked,
    needsInstall: info.dependencies !== undefined
  }
}

async function readInfo(path: string): Promise<TemplateInfo> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a file of this very package
  return JSON.parse(await readFile(path, 'utf8')) as TemplateInfo
}

/** A folder's name as the id of an agent, which is also a valid name of an npm package. */
function projectName(text: string): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[-0-9]+|-+$/g, '')
  // Ids of a template's further agents end in a word of their own, and take 63 letters at most.
  return plain.slice(0, 40).replace(/-$/, '') || 'my-agent'
}

async function makeEmpty(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true })
    const found = await readdir(directory)
    if (found.length === 0) return
    throw new LumosError('FOLDER_NOT_EMPTY', {
      details: { path: directory, found: found.slice(0, 3).join(', ') }
    })
  } catch (cause) {
    if (cause instanceof LumosError) throw cause
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new LumosError('FOLDER_UNUSABLE', { cause, details: { path: directory, reason } })
  }
}

async function copy(from: string, to: string, name: string): Promise<string[]> {
  const entries = await readdir(from, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name !== TEMPLATE_FILE)
    .map((entry) => join(entry.parentPath, entry.name).slice(from.length + 1))
  return Promise.all(
    paths.map(async (path) => {
      const target = RENAMED[path] ?? path
      const text = await readFile(join(from, path), 'utf8')
      await mkdir(dirname(join(to, target)), { recursive: true })
      await writeFile(join(to, target), text.replaceAll(PLACEHOLDER, name))
      return target
    })
  )
}

function packageManifest(name: string, info: TemplateInfo, version: string): object {
  return {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    main: info.main,
    scripts: { dev: 'lumos dev', test: 'node --test', check: 'tsc' },
    dependencies: { 'lumos-mesh': version, ...info.dependencies },
    devDependencies: { '@types/node': '^24.0.0', typescript: '^7.0.0', ...info.devDependencies },
    engines: { node: '>=24' }
  }
}

/** A checkout runs its TypeScript as it is; the npm package holds the built JavaScript only. */
function isCheckout(packageRoot: string): boolean {
  return existsSync(join(packageRoot, 'cli/main.ts'))
}

/** What each export of the package is in a checkout. */
const SOURCES = {
  '.': 'index.ts',
  './client': 'client/client.ts',
  './testing': 'node/testing.ts'
} as const

/**
 * A `lumos-mesh` that is the checkout itself: the package need not be published, nor built. Each
 * export is a file of one line, since `exports` of a package cannot point out of it.
 */
async function linkCheckout(
  packageRoot: string,
  directory: string,
  version: string
): Promise<void> {
  const folder = join(directory, 'node_modules/lumos-mesh')
  await mkdir(folder, { recursive: true })
  const exports = Object.entries(SOURCES).map(async ([name, source]) => {
    const file = `${basename(source, '.ts')}.js`
    const target = join(packageRoot, source)
    await writeFile(join(folder, file), `export * from '${pathToFileURL(target).href}'\n`)
    await writeFile(join(folder, file.replace(/js$/, 'd.ts')), `export * from '${target}'\n`)
    return [name, `./${file}`] as const
  })
  const manifest = {
    name: 'lumos-mesh',
    version,
    type: 'module',
    exports: Object.fromEntries(await Promise.all(exports))
  }
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}
