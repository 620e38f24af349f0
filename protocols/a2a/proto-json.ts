/** The building blocks of ProtoJSON schemas: what a protobuf JSON parser accepts, in its canonical form. */
import { z } from 'zod'
import { LIMITS } from '../../core/limits.ts'
import { isJsonObject } from '../../core/json.ts'
import type { Json, JsonObject } from '../../core/json.ts'

/**
 * A protobuf message. As ProtoJSON asks of parsers, unknown fields are dropped, `null` means absent
 * (except for the fields in `nullable`, of type google.protobuf.Value) and a field's original
 * snake_case name is understood.
 */
export function message<S extends z.ZodRawShape>(
  shape: S,
  nullable: ReadonlySet<string> = NONE
): z.ZodPreprocess<z.ZodObject<S>> {
  return z.preprocess((value) => canonical(value, nullable), z.object(shape))
}

const NONE: ReadonlySet<string> = new Set()

function canonical(value: unknown, nullable: ReadonlySet<string>): unknown {
  if (!isJsonObject(value)) return value
  for (const name of Object.keys(value)) {
    // Nearly every document is canonical already, and then nothing is copied.
    if (name.includes('_') || (value[name] === null && !nullable.has(name))) {
      return rebuild(value, nullable)
    }
  }
  return value
}

function rebuild(value: JsonObject, nullable: ReadonlySet<string>): JsonObject {
  const fields = new Map<string, Json>()
  for (const [name, item] of Object.entries(value)) {
    const camel = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    if (item === undefined || (item === null && !nullable.has(camel))) continue
    // Given both spellings, the canonical one counts, as in the A2A SDK.
    if (camel === name || !fields.has(camel)) fields.set(camel, item)
  }
  return Object.fromEntries(fields)
}

/** An enum by name; its number is understood too. */
export function enumeration<const N extends readonly [string, ...string[]]>(
  names: N
): z.ZodPreprocess<z.ZodEnum<z.core.util.ToEnum<N[number]>>> {
  // Number 0 is `…_UNSPECIFIED`, which none of A2A's enums allows as a value.
  return z.preprocess(
    (value) => (typeof value === 'number' ? names[value - 1] : value),
    z.enum(names)
  )
}

/** google.protobuf.Struct. Its depth and size were bounded when the document was parsed. */
export const struct = z.custom<JsonObject>(isJsonObject, 'expected an object')

/** google.protobuf.Value. */
export const anyValue = z.custom<Json>((value) => value !== undefined, 'expected a value')

/** An identifier or another short text. */
export const shortText = z.string().max(LIMITS.idLength.value)

/** A short text that must say something. */
export const name = shortText.min(1)

export const text = z.string()

/** Bytes: standard or URL-safe base64, with or without padding. */
export const base64 = z.string().regex(/^[\w+/-]*={0,2}$/, 'expected base64')

/** google.protobuf.Timestamp. */
export const timestamp = z.iso.datetime({ offset: true })

export const flag = z.boolean()

/** int32, not negative. */
export const count = z.int().min(0).max(2_147_483_647)
