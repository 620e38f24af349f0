/** The OpenAPI document of all doors over HTTP: the control API in full, the others by where they are described. */
import type { Json, JsonObject } from '../../core/json.ts'
import { CONTROL_OPERATIONS, operationNamed } from '../../trust/operations.ts'
import type { EdgeOperation } from '../../trust/operations.ts'
import { HTTP_ROUTES } from '../control/http-door.ts'
import { operationOfRoute, PUBLIC_ROUTES } from '../control/http-access.ts'
import { openApiOf } from '../control/openapi.ts'
import type { Route } from '../control/route.ts'
import { ROUTES } from '../control/routes.ts'

const A2A = 'https://a2a-protocol.org/latest/specification/'
const OPENAI = 'https://platform.openai.com/docs/api-reference'
const MCP = 'https://modelcontextprotocol.io/specification'

const DESCRIPTION = [
  'The doors of a Lumos node over HTTP. Whoever comes in shows a token (`lumos auth token create`),',
  'which opens what its scopes say. Operations of the control API are described here in full; the',
  'others speak protocols of their own, which are described where they are made.',
  'Streams of the control API are NDJSON: one document a line; a failure in mid-stream is the last',
  'line, of the form of Failure.'
].join(' ')

interface Foreign {
  readonly tag: string
  readonly url: string
  readonly scope: string
  readonly paths: readonly (readonly [method: string, path: string, summary: string])[]
}

const OTHER_DOORS: readonly Foreign[] = [
  {
    tag: 'A2A',
    url: A2A,
    scope: 'task/send',
    paths: [
      ['get', '/agents', 'Names and places of the agents that this node knows'],
      ['get', '/agents/{agent}/.well-known/agent-card.json', 'The signed card of an agent'],
      ['post', '/agents/{agent}', 'JSON-RPC: all methods of A2A'],
      ['post', '/agents/{agent}/message:send', 'Gives an agent a message, and waits'],
      ['post', '/agents/{agent}/message:stream', 'Gives an agent a message, and follows (SSE)'],
      ['get', '/agents/{agent}/tasks', 'Own tasks of an agent'],
      ['get', '/agents/{agent}/tasks/{id}', 'One own task'],
      ['post', '/agents/{agent}/tasks/{id}:cancel', 'Cancels a task'],
      ['post', '/agents/{agent}/tasks/{id}:subscribe', 'Follows a task (SSE)']
    ]
  },
  {
    tag: 'OpenAI',
    url: OPENAI,
    scope: 'task/send',
    paths: [
      ['get', '/v1/models', 'Agents, as models'],
      ['post', '/v1/chat/completions', 'A chat with an agent'],
      ['post', '/v1/responses', 'A response of an agent']
    ]
  },
  {
    tag: 'MCP',
    url: MCP,
    scope: 'task/send',
    paths: [['post', '/mcp', 'Model Context Protocol, over Streamable HTTP']]
  },
  {
    tag: 'Live',
    url: 'https://www.rfc-editor.org/rfc/rfc6455',
    scope: 'task/send',
    paths: [['get', '/v1/live', 'WebSocket: tasks and events both ways (docs/protocols/live.md)']]
  }
]

/** What is served at `/openapi.json`. */
export function httpOpenApiDocument(): JsonObject {
  const open = ROUTES.filter(({ id }) => PUBLIC_ROUTES.includes(id))
  return {
    ...openApiOf([...HTTP_ROUTES, ...open], {
      title: 'Lumos over HTTP',
      description: DESCRIPTION,
      servers: [{ url: '/', description: 'this node' }],
      more: securityOf,
      paths: otherPaths()
    }),
    security: [{ bearer: [] }]
  }
}

/** The scope that a token needs; absent where none is. */
export function scopeOf(operation: EdgeOperation): string | undefined {
  if (operation === 'control.read' || operation === 'control.write') {
    return CONTROL_OPERATIONS[operation].scope
  }
  return operationNamed(operation).grant
}

function securityOf({ id, path }: Route): JsonObject {
  const operation = operationOfRoute(id)
  if (operation === undefined) return { security: [], tags: ['health'] }
  const scope = scopeOf(operation) ?? ''
  return {
    tags: [path.split('/')[2] ?? ''],
    description: `Needs a token with the scope \`${scope}\`.`,
    'x-lumos-scope': scope
  }
}

function otherPaths(): Record<string, Record<string, Json>> {
  const paths: Record<string, Record<string, Json>> = {}
  for (const { tag, url, scope, paths: rows } of OTHER_DOORS) {
    for (const [method, path, summary] of rows) {
      const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' }
      }))
      const operation = {
        operationId: `${method}${path.replaceAll(/[^a-z0-9]+/gi, '_')}`,
        summary,
        tags: [tag],
        description: `Needs a token with the scope \`${scope}\`.`,
        externalDocs: { url },
        'x-lumos-scope': scope,
        parameters,
        responses: { default: { description: 'as that protocol says' } }
      }
      paths[path] = { ...paths[path], [method]: operation }
    }
  }
  return paths
}
