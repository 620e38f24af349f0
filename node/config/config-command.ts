/** `lumos config`: shows, changes and checks the configuration of a profile. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { ConfigValue } from '../../client/api.ts'
import { LumosError } from '../../core/errors.ts'
import type { Environment, NodePaths } from '../../core/paths.ts'
import { readConfigFile, invalid, writeConfigFile, type ConfigFile } from './config-file.ts'
import { configPath } from './config-path.ts'
import { CONFIG_KEYS, didYouMean, isSection, type ConfigKey } from './keys.ts'
import { valueFromText, withAbsolutePaths } from './layer.ts'
import { checkValues, loadConfig, type LoadInit } from './load.ts'

export interface ConfigCommandInit extends Omit<LoadInit, 'flags'> {
  readonly env: Environment
  readonly paths: NodePaths
  readonly workingDirectory: string
}

/** The same result for people and for programs. */
export interface CommandResult {
  readonly text: string
  readonly document: object
}

interface Words {
  readonly words: readonly string[]
  readonly origin: boolean
}

/** `argv`: what follows `lumos config`. @throws USAGE, CONFIG_INVALID */
export async function runConfigCommand(
  argv: readonly string[],
  init: ConfigCommandInit
): Promise<CommandResult> {
  const { words, origin } = parseWords(argv)
  const [action = 'get', key, ...values] = words
  switch (action) {
    case 'get':
      return getValues(key, origin, init)
    case 'set':
      return setValue(needKey(key, 'set KEY VALUE…'), values, init)
    case 'unset':
      return unsetValue(needKey(key, 'unset KEY'), init)
    case 'validate':
      return validate(init)
    case 'path':
      return showPath(init)
    default:
      throw usage(`config knows get, set, unset, validate and path, not "${action}"`)
  }
}

function parseWords(argv: readonly string[]): Words {
  const options = { origin: { type: 'boolean' } } as const
  try {
    const { positionals, values } = parseArgs({ args: [...argv], options, allowPositionals: true })
    return { words: positionals, origin: values.origin ?? false }
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message : String(cause))
  }
}

async function getValues(
  name: string | undefined,
  withOrigin: boolean,
  init: ConfigCommandInit
): Promise<CommandResult> {
  const { values } = await loadConfig(init)
  const one = values.find(({ key }) => key === name)
  if (one !== undefined) {
    const text = withOrigin ? table([one], withOrigin) : `${readable(one.value)}\n`
    return { text, document: { v: 1, ...one } }
  }
  if (name !== undefined && !isSection(name)) throw unknownKey(name)
  const chosen = values.filter(({ key }) => name === undefined || key.startsWith(`${name}.`))
  return { text: table(chosen, withOrigin), document: { v: 1, values: chosen } }
}

async function setValue(
  { key, ...rest }: ConfigKey,
  texts: readonly string[],
  { paths, workingDirectory }: ConfigCommandInit
): Promise<CommandResult> {
  const [text] = texts
  if (text === undefined) throw usage(`config set ${key} needs a value`)
  if (texts.length > 1 && rest.kind !== 'list') throw usage(`${key} takes one value`)
  const given = texts.length > 1 ? [...texts] : valueFromText({ key, ...rest }, text)
  const value = withAbsolutePaths(key, given, workingDirectory)
  const file = await readSound(paths)
  const before = file.layer.values.get(key)?.value ?? null
  file.document.setIn(key.split('.'), value)
  await checkAndWrite(file, key, value)
  return {
    text: `${key} = ${readable(value)}   (was ${before === null ? 'not set' : readable(before)})   in ${file.path}\n`,
    document: { v: 1, key, value, before, path: file.path }
  }
}

async function unsetValue(
  { key, fallback }: ConfigKey,
  { paths }: ConfigCommandInit
): Promise<CommandResult> {
  const file = await readSound(paths)
  const before = file.layer.values.get(key)?.value ?? null
  if (before !== null) {
    file.document.deleteIn(key.split('.'))
    await writeConfigFile(file)
  }
  const now = fallback === undefined ? 'unset' : `${readable(fallback)}, the default`
  return {
    text: `${key} is ${now}   (was ${before === null ? 'not set' : readable(before)})   in ${file.path}\n`,
    document: { v: 1, key, value: fallback ?? null, before, path: file.path }
  }
}

async function validate(init: ConfigCommandInit): Promise<CommandResult> {
  const { values } = await loadConfig(init)
  const path = configPath(init.paths)
  const given = values.filter(({ origin }) => origin !== 'default').length
  return {
    text: `valid: ${path} and the environment   ${given} of ${values.length} values are not the default\n`,
    document: { v: 1, valid: true, path, given }
  }
}

async function showPath({ paths }: ConfigCommandInit): Promise<CommandResult> {
  const path = resolve(configPath(paths))
  const { exists } = await readConfigFile(path)
  return { text: `${path}\n`, document: { v: 1, path, exists } }
}

/** A file that is wrong already is for its author to mend: writing it anew could lose things. */
async function readSound(paths: NodePaths): Promise<ConfigFile> {
  const file = await readConfigFile(configPath(paths))
  checkValues(file.layer.values, file.layer.problems)
  return file
}

async function checkAndWrite(file: ConfigFile, key: string, value: unknown): Promise<void> {
  const values = new Map(file.layer.values).set(key, { value, origin: 'config set' })
  checkValues(values, [])
  await writeConfigFile(file)
}

function needKey(name: string | undefined, form: string): ConfigKey {
  if (name === undefined) throw usage(`config ${form}`)
  const key = CONFIG_KEYS.get(name)
  if (key === undefined) throw unknownKey(name)
  return key
}

function table(values: readonly ConfigValue[], withOrigin: boolean): string {
  const rows = values.map(({ key, value, origin }) => [key, readable(value), origin] as const)
  const width = (column: 0 | 1): number => Math.max(0, ...rows.map((row) => row[column].length))
  const [keys, texts] = [width(0), width(1)]
  return rows
    .map(([key, text, origin]) =>
      withOrigin
        ? `${key.padEnd(keys)}  ${text.padEnd(texts)}  ${origin}\n`
        : `${key.padEnd(keys)}  ${text}`.trimEnd().concat('\n')
    )
    .join('')
}

/** As `config set` takes it; nothing for a value that is not set. */
function readable(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(String).join(',')
  if (typeof value === 'object') {
    if (Object.values(value).some((item) => typeof item === 'object')) return JSON.stringify(value)
    return Object.entries(value)
      .map(([name, item]) => `${name}=${String(item)}`)
      .join(',')
  }
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function unknownKey(name: string): LumosError {
  return invalid(`unknown key "${name}"${didYouMean(name, CONFIG_KEYS.keys())}`)
}

function usage(reason: string): LumosError {
  return new LumosError('USAGE', { details: { reason } })
}
