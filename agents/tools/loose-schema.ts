/**
 * Checks values by schemas that strangers wrote (MCP servers, hosted projects), as far as no schema can make
 * that last: a regular expression can backtrack for ever, and references double the work with each step.
 * What is not checked here they check themselves.
 */
import type { Json, JsonObject } from '../../core/json.ts'
import { isJsonObject } from '../../core/json.ts'
import { createJsonSchemaCheck } from './json-schema.ts'
import type { StandardSchema } from './standard-schema.ts'

/** Told to models as it is, checked as {@link looseSchema} has it. */
export function looselyChecked(schema: JsonObject): StandardSchema {
  const check = createJsonSchemaCheck(looseSchema(schema))
  const told = (): JsonObject => schema
  return {
    '~standard': {
      version: 1,
      vendor: 'mcp',
      // Defaults are filled in, and others hold what was given.
      validate: (value) => check(structuredClone(value)),
      jsonSchema: { input: told, output: told }
    }
  }
}

/**
 * A schema that allows all that `schema` allows, and more; checking by it takes as long as its own size
 * times that of the value, at most.
 * Keywords are listed that stay, rather than those that go: AJV knows more than the drafts do (`$async`).
 * With `pattern`, `patternProperties` and `$ref` go those that would allow less without them, such as
 * `not`; `uniqueItems` compares each with each.
 */
export function looseSchema(schema: JsonObject): JsonObject {
  const members = Object.entries(schema).flatMap(([keyword, value]) => {
    const read = value === undefined ? undefined : KEYWORDS.get(keyword)?.(value, schema)
    return read === undefined ? [] : [[keyword, read] as const]
  })
  const { anyOf, oneOf } = schema
  // Of two that differ in a pattern alone both would fit now.
  const choices = anyOf === undefined && oneOf !== undefined ? { anyOf: looseList(oneOf) } : {}
  return { ...Object.fromEntries(members), ...choices }
}

type Loosen = (value: Json, beside: JsonObject) => Json | undefined

function loose(value: Json | undefined): Json {
  return isJsonObject(value) ? looseSchema(value) : value !== false
}

function looseList(value: Json): Json {
  return Array.isArray(value) ? value.map((each: Json) => loose(each)) : [true]
}

/** Names that people chose, which may be those of keywords. */
function looseMap(value: Json): Json {
  if (!isJsonObject(value)) return {}
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, loose(each)]))
}

const KEYWORDS: ReadonlyMap<string, Loosen> = new Map([
  ...[
    ['$schema', 'type', 'nullable', 'enum', 'const', 'default'],
    ['required', 'dependentRequired', 'minProperties', 'maxProperties'],
    ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
    ['minLength', 'maxLength', 'minItems', 'maxItems']
  ]
    .flat()
    .map((keyword): [string, Loosen] => [keyword, (value) => value]),
  ['properties', looseMap],
  ['dependentSchemas', looseMap],
  ['allOf', looseList],
  ['anyOf', looseList],
  ['prefixItems', looseList],
  // Older drafts have a list there.
  ['items', (value) => (Array.isArray(value) ? looseList(value) : loose(value))],
  ['additionalItems', loose],
  ['propertyNames', loose],
  [
    'additionalProperties',
    (value, { patternProperties }) => (patternProperties === undefined ? loose(value) : undefined)
  ]
])
