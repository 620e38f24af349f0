/** Words that all documents of the control API share, and the registry that names them. */
import { z } from 'zod'
import type { Failure } from '../../../client/api.ts'
import type { WireError } from '../../../core/errors.ts'
import type { Json, JsonObject } from '../../../core/json.ts'

/** Schemas of this registry have a name of their own in the OpenAPI document. */
export const documents = z.registry<{ id: string }>()

/** Gives `schema` its name in the OpenAPI document. */
export function named<S extends z.ZodType>(id: string, schema: S): S {
  documents.add(schema, { id })
  return schema
}

export const v = z.literal(1).describe('Version of this document.')
export const count = z.int().min(0)
export const ms = z.number().min(0)
/** Of a query: all that stands there is text. */
export const truth = z.enum(['true', 'false']).transform((word) => word === 'true')
export const yesNo = truth.prefault('false')
export const moment = z.string().describe('ISO 8601, UTC.')
export const node = z.strictObject({ id: z.string().describe('PeerId.'), name: z.string() })

export const json: z.ZodType<Json> = named('Json', z.json())
export const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), json)

export const wireError: z.ZodType<WireError> = named(
  'Error',
  z.strictObject({
    code: z.string().describe('A code of docs/errors.md.'),
    message: z.string(),
    hint: z.string().exactOptional(),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).exactOptional()
  })
)

export const failure: z.ZodType<Failure> = named(
  'Failure',
  z.strictObject({ ok: z.literal(false), error: wireError })
)
