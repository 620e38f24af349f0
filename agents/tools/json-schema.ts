/** Checks values against JSON Schemas, with a validator that is loaded when the first is checked. */
import type { ErrorObject, ValidateFunction } from 'ajv'
import type { JsonObject } from '../../core/json.ts'
import type { StandardIssue, StandardResult } from './standard-schema.ts'

/** Defaults of the schema are filled in, so a value that others hold must be copied before. */
export type JsonSchemaCheck = (value: unknown) => Promise<StandardResult<unknown>>

/** Compiles the schema with the first value, once; that rejects when the schema itself is broken. */
export function createJsonSchemaCheck(schema: JsonObject): JsonSchemaCheck {
  let compiled: Promise<ValidateFunction> | undefined
  return async (value) => {
    compiled ??= compile(schema)
    const validate = await compiled
    return validate(value) ? { value } : { issues: (validate.errors ?? []).map(issueOf) }
  }
}

/** An instance for each schema: one for all would keep the schemas of tools that have gone. */
async function compile(schema: JsonObject): Promise<ValidateFunction> {
  // AJV's own `$async` makes it answer with a promise, which is true and rejects where nobody waits.
  const sync = { ...schema, $async: false }
  const options = {
    // Schemas come from many hands: what is unknown to us is not checked.
    strict: false,
    validateFormats: false,
    validateSchema: false,
    useDefaults: true,
    logger: false
  } as const
  if (isOldDraft(schema)) {
    const { Ajv } = await import('ajv')
    return new Ajv(options).compile(sync)
  }
  const { Ajv2020 } = await import('ajv/dist/2020.js')
  return new Ajv2020(options).compile(sync)
}

/** From 2019-09 on, and without any word, the newest reads them. */
function isOldDraft({ $schema }: JsonObject): boolean {
  return typeof $schema === 'string' && /draft-0[467]/.test($schema)
}

function issueOf({
  instancePath,
  message = 'not valid',
  params,
  keyword
}: ErrorObject): StandardIssue {
  const path = instancePath.split('/').slice(1)
  const named: unknown =
    keyword === 'additionalProperties' ? params['additionalProperty'] : undefined
  const choices: unknown = keyword === 'enum' ? params['allowedValues'] : undefined
  const more = [
    ...(typeof named === 'string' ? [` ("${named}")`] : []),
    ...(Array.isArray(choices) ? [` (${choices.join(', ')})`] : [])
  ]
  return { message: message + more.join(''), path }
}
