/** Takes schemas of any library that speaks Standard Schema (zod, valibot, arktype) as they are. */
import { toJSONSchema } from 'zod'
import type { $ZodType } from 'zod/v4/core'
import { isJsonObject } from '../../core/json.ts'
import type { JsonObject } from '../../core/json.ts'

/** The part of the Standard Schema specification, version 1, that tools need. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (
      value: unknown
    ) => StandardResult<Output> | PromiseLike<StandardResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
    /** Standard JSON Schema, a later addition to the specification. */
    readonly jsonSchema?: Readonly<
      Record<Direction, (options: { readonly target: string }) => Record<string, unknown>>
    >
  }
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

export interface StandardIssue {
  readonly message: string
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined
}

/** A schema with defaults or conversions describes one thing before them, and another after. */
export type Direction = 'input' | 'output'

const TARGET = 'draft-2020-12'

export function isStandardSchema(value: unknown): value is StandardSchema {
  // Some libraries make schemas that are functions.
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const standard: unknown = Reflect.get(value, '~standard')
  return isJsonObject(standard) && typeof Reflect.get(standard, 'validate') === 'function'
}

/**
 * The JSON Schema of one.
 *
 * @throws TypeError when its library cannot tell it
 */
export function jsonSchemaOf(schema: StandardSchema, direction: Direction): JsonObject {
  const { jsonSchema, vendor } = schema['~standard']
  const told =
    jsonSchema?.[direction]({ target: TARGET }) ??
    (isZod(schema) ? toJSONSchema(schema, { target: TARGET, io: direction }) : undefined)
  if (!isJsonObject(told)) {
    throw new TypeError(
      `a schema of ${vendor} that cannot be told as JSON Schema: use a version that has ` +
        '`~standard.jsonSchema` (zod 4), or write the JSON Schema itself'
    )
  }
  return told
}

/** Schemas of zod 4 carry their definition in a form that every copy of zod 4 can read. */
function isZod(schema: StandardSchema): schema is StandardSchema & $ZodType {
  return '_zod' in schema
}

/** What is wrong, in words that a model can act upon: places and messages, never the value. */
export function issuesText(issues: readonly StandardIssue[]): string {
  return issues
    .slice(0, SHOWN_ISSUES)
    .map(({ message, path = [] }) => {
      const place = path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
      return place === '' ? message : `${place}: ${message}`
    })
    .join('; ')
}

/** More would not help whoever has to mend them. */
const SHOWN_ISSUES = 8
