/** Writes the OpenAPI document of the control API from the route table. */
import { z } from 'zod'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Route } from './route.ts'
import { ROUTES } from './routes.ts'
import { documents, failure } from './schema/document.ts'

const PREFIX = '#/components/schemas/'

const DESCRIPTION = [
  'The API of a Lumos node for its own user: HTTP on a Unix socket that only the user can open.',
  'Streams are NDJSON: one document a line; a failure in mid-stream is the last line, of the form',
  'of Failure. Requests from web pages (Origin, or a Host other than localhost or lumos) are refused.',
  'Generated from gateway/control/routes.ts: run `node tools/openapi.ts`.'
].join(' ')

/** Of the control socket. */
export function openApiDocument(): JsonObject {
  return openApiOf(ROUTES, {
    title: 'Lumos control API',
    description: DESCRIPTION,
    servers: [{ url: 'http://localhost', description: 'the socket of the profile' }]
  })
}

export interface OpenApiInit {
  readonly title: string
  readonly description: string
  readonly servers: Json
  /** What is said of a route besides. */
  readonly more?: (route: Route) => JsonObject
  /** Paths that are in no table of routes. */
  readonly paths?: Readonly<Record<string, Record<string, Json>>>
}

export function openApiOf(routes: readonly Route[], init: OpenApiInit): JsonObject {
  const { title, description, servers, more, paths: others } = init
  const paths: Record<string, Record<string, Json>> = { ...others }
  for (const route of routes) {
    const path = (paths[route.path] ??= {})
    path[route.method.toLowerCase()] = { ...operationOf(route), ...more?.(route) }
  }
  const securitySchemes = { bearer: { type: 'http', scheme: 'bearer' } }
  return {
    openapi: '3.1.0',
    info: {
      title,
      version: '1.0.0',
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' }
    },
    servers,
    paths,
    components: { schemas: namedSchemas(), ...(more && { securitySchemes }) }
  }
}

const FORMS = {
  document: { type: 'application/json', description: 'the document' },
  text: { type: 'text/plain', description: 'the text' },
  lines: { type: 'application/x-ndjson', description: 'one document a line' },
  events: {
    type: 'text/event-stream',
    description:
      'each `data` is one document, each `id` its place; comments say that the node is there'
  }
} as const satisfies Record<Route['kind'], object>

function operationOf(route: Route): JsonObject {
  const { type, description } = FORMS[route.kind]
  return {
    operationId: route.id,
    summary: route.summary,
    parameters: [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query')],
    ...(route.body && {
      requestBody: { required: true, content: contentOf('application/json', route.body) }
    }),
    responses: {
      200: { description, content: contentOf(type, route.answer) },
      default: { description: 'a failure', content: contentOf('application/json', failure) }
    }
  }
}

function contentOf(type: string, schema: z.ZodType): JsonObject {
  return { [type]: { schema: schemaOf(schema) } }
}

function schemaOf(schema: z.ZodType): JsonObject {
  const id = documents.get(schema)?.id
  return id === undefined ? jsonSchemaOf(schema) : { $ref: `${PREFIX}${id}` }
}

/** In the form that a client sends: before defaults and conversions. */
function jsonSchemaOf(schema: z.ZodType): JsonObject {
  return plain(z.toJSONSchema(schema, { io: 'input' }))
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): JsonObject[] {
  if (!(schema instanceof z.ZodObject)) return []
  const { required = [] } = z.toJSONSchema(schema, { io: 'input' })
  return Object.entries(schema.shape).map(([name, value]) => {
    const field: z.ZodType = value
    const { description, ...rest } = jsonSchemaOf(field)
    return {
      name,
      in: place,
      required: required.includes(name),
      ...(description !== undefined && { description }),
      schema: rest
    }
  })
}

function namedSchemas(): JsonObject {
  const { schemas } = z.toJSONSchema(documents, { io: 'input', uri: (id) => `${PREFIX}${id}` })
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => [id, plain({ ...schema, $id: undefined })])
  )
}

/** Without what only a standalone JSON Schema has, and without zod's hidden members. */
function plain(schema: object): JsonObject {
  return JSON.parse(JSON.stringify({ ...schema, $schema: undefined }))
}
