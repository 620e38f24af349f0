/** Asks for data of a given form, and checks what a model made of it. */
import type { Json, JsonObject } from '../../core/json.ts'
import type { ModelCall } from '../models/model.ts'
import { createJsonSchemaCheck } from '../tools/json-schema.ts'
import { asJson } from '../tools/json-value.ts'
import { isStandardSchema, issuesText, jsonSchemaOf } from '../tools/standard-schema.ts'
import type { StandardSchema } from '../tools/standard-schema.ts'
import { readJson } from './json-text.ts'

export type Checked = { readonly value: Json } | { readonly flaw: string }

export interface StructuredAnswer {
  /** What a call has for servers that can hold a model to a schema. */
  readonly format: NonNullable<ModelCall['response_format']>
  /** What the system prompt has for all others. */
  readonly wish: string
  /** The value in `text`, or what is wrong with it, without quoting it. */
  check(text: string): Promise<Checked>
}

/** @throws TypeError for a schema that cannot be told as JSON Schema */
export function createStructuredAnswer(schema: StandardSchema | JsonObject): StructuredAnswer {
  const json = isStandardSchema(schema) ? jsonSchemaOf(schema, 'output') : schema
  const checkJson = createJsonSchemaCheck(json)
  const validate = isStandardSchema(schema)
    ? (value: unknown) => schema['~standard'].validate(value)
    : checkJson
  return {
    format: { type: 'json_schema', json_schema: { name: 'answer', schema: { ...json } } },
    wish: `When you answer, answer with one JSON value and nothing else. It fits this JSON Schema:\n${JSON.stringify(json)}`,
    async check(text) {
      const parsed = parse(text)
      if (parsed === undefined) return { flaw: 'it is no JSON' }
      const result = await validate(parsed.value)
      return result.issues === undefined
        ? { value: asJson(result.value) }
        : { flaw: issuesText(result.issues) }
    }
  }
}

/** Models like to fence JSON, or to say something before it. */
function parse(text: string): { readonly value: Json } | undefined {
  // No pattern: what a model was led to write could make one go back over it without an end.
  const fenced = text.split('```', 2)[1]?.replace(/^json/, '')
  const from = text.search(/[{[]/)
  const until = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'))
  const inner = from >= 0 && until > from ? text.slice(from, until + 1) : undefined
  for (const candidate of [text, fenced, inner]) {
    const read = candidate === undefined ? undefined : readJson(candidate)
    if (read !== undefined) return read
  }
  return undefined
}
