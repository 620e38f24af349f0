/** One source of configuration values: the command line, the environment, or the file. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { ConfigKey } from './keys.ts'
import { PATH_KEYS } from './schema.ts'

export interface LayerValue {
  /** As it was given, paths made absolute; the schema has not seen it yet. */
  readonly value: unknown
  /** `flag --name`, `env LUMOS_NAME`, `file /…/config.yaml`. */
  readonly origin: string
}

export interface Layer {
  /** By key. */
  readonly values: ReadonlyMap<string, LayerValue>
  /** What was found that is no configuration, each a sentence with its place. */
  readonly problems: readonly string[]
}

/** The value that `text` stands for; text that fits no form is left for the schema to refuse. */
export function valueFromText({ kind }: ConfigKey, text: string): unknown {
  switch (kind) {
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text
    case 'switch':
      return SWITCH.get(text.trim().toLowerCase()) ?? text
    case 'list':
      return itemsOf(text)
    case 'map':
      return mapFromText(text) ?? text
    case 'text':
    default:
      return text
  }
}

const SWITCH: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'on', '1'].map((word) => [word, true] as const),
  ...['false', 'no', 'off', '0'].map((word) => [word, false] as const)
])

/** `libp2p=debug,session=trace`, or JSON where values are more than words. */
function mapFromText(text: string): object | undefined {
  if (text.trimStart().startsWith('{')) return objectFromJson(text)
  const pairs = itemsOf(text).map((item) => item.split('='))
  if (pairs.some(([name, value, ...rest]) => !name || !value || rest.length > 0)) return undefined
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name.trim(), value.trim()]))
}

function objectFromJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function itemsOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** Makes the paths in the value of a path key absolute, counted from `base`; `~/` is the home. */
export function withAbsolutePaths(key: string, value: unknown, base: string): unknown {
  if (!PATH_KEYS.has(key)) return value
  const absolute = (path: unknown): unknown => {
    if (typeof path !== 'string' || path === '') return path
    return path === '~' || path.startsWith('~/')
      ? join(homedir(), path.slice(1))
      : resolve(base, path)
  }
  return Array.isArray(value) ? value.map(absolute) : absolute(value)
}
