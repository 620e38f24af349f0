/** The schema as a flat list of keys: how flags, variables, `config set` and the docs name a value. */
import { z } from 'zod'
import { suggest } from '../../core/suggest.ts'
import { nodeConfigSchema } from './schema.ts'

type KeyKind = 'text' | 'number' | 'switch' | 'list' | 'map'

export interface ConfigKey {
  /** `discovery.sameHost` */
  readonly key: string
  readonly kind: KeyKind
  /** `LUMOS_DISCOVERY_SAME_HOST` */
  readonly variable: string
  readonly description: string
  /** As people write it; `undefined` when there is none. */
  readonly fallback: unknown
}

export const CONFIG_KEYS: ReadonlyMap<string, ConfigKey> = new Map(
  keysOf(nodeConfigSchema, '').map((key) => [key.key, key])
)

/** Whether `name` is a group of keys, such as `discovery`. */
export function isSection(name: string): boolean {
  return [...CONFIG_KEYS.keys()].some((key) => key.startsWith(`${name}.`))
}

/** For an unknown key: what was probably meant, as the end of a sentence. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const meant = suggest(word, candidates)
  return meant === undefined ? '' : `; did you mean "${meant}"?`
}

function keysOf(section: z.ZodObject, prefix: string): ConfigKey[] {
  return Object.entries(section.shape).flatMap(([name, field]) => {
    const key = `${prefix}${name}`
    const { core, fallback } = unwrap(field)
    if (core instanceof z.ZodObject) return keysOf(core, `${key}.`)
    const description = z.globalRegistry.get(field)?.description ?? ''
    return [{ key, kind: kindOf(core), variable: variableOf(key), description, fallback }]
  })
}

/** The schema below defaults and optionality, as it takes its input, and the default. */
function unwrap(schema: z.core.$ZodType): { core: z.core.$ZodType; fallback: unknown } {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return { core: unwrap(schema.def.innerType).core, fallback: schema.def.defaultValue }
  }
  if (schema instanceof z.ZodExactOptional) return unwrap(schema.def.innerType)
  if (schema instanceof z.ZodPipe) return unwrap(schema.def.in)
  return { core: schema, fallback: undefined }
}

function kindOf(schema: z.core.$ZodType): KeyKind {
  if (schema instanceof z.ZodBoolean) return 'switch'
  if (schema instanceof z.ZodNumber) return 'number'
  if (schema instanceof z.ZodArray) return 'list'
  if (schema instanceof z.ZodRecord) return 'map'
  return 'text'
}

function variableOf(key: string): string {
  const words = key.replaceAll('.', '_').replaceAll(/[A-Z]/g, (letter) => `_${letter}`)
  return `LUMOS_${words.toUpperCase()}`
}
