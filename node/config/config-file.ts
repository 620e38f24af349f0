/** The profile's config.yaml: read with places, changed without losing a comment. */
import { readFile, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import type { Document, YAMLMap } from 'yaml'
import { makeDirectories } from '../../core/directories.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { isErrno, writeFileAtomic } from '../../storage/atomic-file.ts'
import { errnoText } from '../../storage/private-directory.ts'
import { CONFIG_KEYS, didYouMean, isSection } from './keys.ts'
import { withAbsolutePaths, type Layer, type LayerValue } from './layer.ts'

export interface ConfigFile {
  readonly path: string
  readonly exists: boolean
  readonly layer: Layer
  readonly document: Document
}

/** @throws CONFIG_INVALID when it cannot be read; what is wrong inside is told by `layer.problems` */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const text = await textOf(path)
  const lines = new LineCounter()
  const document = parseDocument(text ?? '', {
    lineCounter: lines,
    prettyErrors: false,
    // Otherwise the library prints warnings of its own.
    logLevel: 'silent'
  })
  const at = (offset: number): string => `${path}, line ${lines.linePos(offset).line}`
  const exists = text !== undefined
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, pos }) => `${at(pos[0])}: ${message}`)
    return { path, exists, document, layer: { values: new Map(), problems } }
  }
  return { path, exists, document, layer: layerOf(document, { path, at }) }
}

/** Replaces the file in one step, for this user alone; a link keeps pointing to its target. */
export async function writeConfigFile({ path, document }: ConfigFile): Promise<void> {
  try {
    await makeDirectories(dirname(path))
    const target = await realpath(path).catch(() => path)
    await writeFileAtomic(target, document.toString({ lineWidth: 0 }))
  } catch (cause) {
    throw new LumosError('HOME_UNUSABLE', { cause, details: { path, reason: errnoText(cause) } })
  }
}

async function textOf(path: string): Promise<string | undefined> {
  let text
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    // A home that is no folder will be reported as such.
    if (isErrno(cause, 'ENOENT') || isErrno(cause, 'ENOTDIR')) return undefined
    throw invalid(`${path} cannot be read: ${errnoText(cause)}`, cause)
  }
  if (text.length > LIMITS.configFileBytes.value) throw invalid(`${path} is too large`)
  return text
}

interface Place {
  readonly path: string
  readonly at: (offset: number) => string
}

function layerOf(document: Document, place: Place): Layer {
  const values = new Map<string, LayerValue>()
  const problems: string[] = []
  const { path, at } = place

  function take(key: string, value: unknown, where: string): void {
    if (value === null) problems.push(`${where}: ${key} has no value`)
    const absolute = withAbsolutePaths(key, value, dirname(path))
    values.set(key, { value: absolute, origin: `file ${path}` })
  }

  function visit(section: YAMLMap, plain: unknown, prefix: string): void {
    for (const { key: name, value: node } of section.items) {
      const key = `${prefix}${isScalar(name) ? String(name.value) : '?'}`
      const where = at(isScalar(name) ? (name.range?.[0] ?? 0) : 0)
      const value = memberOf(plain, key.slice(prefix.length))
      if (CONFIG_KEYS.has(key)) take(key, value, where)
      else if (!isSection(key)) {
        problems.push(`${where}: unknown key "${key}"${didYouMean(key, CONFIG_KEYS.keys())}`)
      } else if (isMap(node)) visit(node, value, `${key}.`)
      // `discovery:` with nothing below it is a heading that somebody left over.
      else if (value !== null) problems.push(`${where}: ${key} holds keys, not a value`)
    }
  }

  const { contents } = document
  if (isMap(contents)) visit(contents, plainOf(document, path), '')
  else if (contents !== null && !isEmpty(contents)) {
    problems.push(`${path} does not hold keys and values`)
  }
  return { values, problems }
}

function plainOf(document: Document, path: string): unknown {
  try {
    return document.toJS()
  } catch (cause) {
    // A few lines of nested aliases can stand for gigabytes; the library counts them.
    throw invalid(`${path} uses too many aliases`, cause)
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function isEmpty(node: unknown): boolean {
  return isScalar(node) && node.value === null
}

export function invalid(reason: string, cause?: unknown): LumosError {
  return new LumosError('CONFIG_INVALID', { cause, details: { reason } })
}
