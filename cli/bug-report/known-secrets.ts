/** The secrets of a node, read so that a bug report can be searched for them before it is written. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment, NodePaths } from '../../core/paths.ts'
import { SECRET_NAME } from '../../core/secret-names.ts'

/** What holds secrets is small; a database is not read. */
const MAX_BYTES = 1024 * 1024
/** What a file with secrets in it is called: keys of the node and of swarms, of models, of hosted projects. */
const HOLDER = /\.key$|^(secrets|hosts|servers|grants|api-tokens)\.json$|\.members\.json$/

/** Never fails: what cannot be read now cannot be in the report either, unless it was logged. */
export async function knownSecrets(paths: NodePaths, env: Environment): Promise<string[]> {
  const files = await Promise.all([filesOf(paths.data), filesOf(paths.runtime)])
  const named = Object.entries(env).flatMap(([name, value]) =>
    isSecretVariable(name) && value !== undefined ? [value] : []
  )
  const passphrase = env['LUMOS_KEY_PASSPHRASE_FILE']
  const holders = passphrase === undefined ? files.flat() : [...files.flat(), passphrase]
  const texts = await Promise.all(holders.map((path) => readSmall(path)))
  return Array.from(new Set([...named, ...texts.flatMap((text) => secretsIn(text))]))
}

function isSecretVariable(name: string): boolean {
  return (SECRET_NAME.test(name) || /KEY$/i.test(name)) && !name.endsWith('_FILE')
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile() && HOLDER.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name))
}

async function readSmall(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text.length > MAX_BYTES ? '' : text
}

/** Every text of a JSON document; else every line. */
function secretsIn(text: string): string[] {
  try {
    return textsOf(JSON.parse(text))
  } catch {
    return text.split('\n').map((line) => line.trim())
  }
}

/** Long enough to open something, and no sentence, name or path. */
const SECRET_FORM = /^[^\s/]{20,}$/

function textsOf(value: unknown, named = false): string[] {
  if (typeof value === 'string') return named || SECRET_FORM.test(value) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) =>
    textsOf(item, named || SECRET_NAME.test(name) || /^(env|headers?|key)$/i.test(name))
  )
}
