/** Calls of the control API about MCP. */
import type {
  AddMcpServerRequest,
  McpPromptDocument,
  McpPromptRequest,
  McpResourceDocument,
  McpServerDocument,
  McpServerList,
  McpServerName
} from './mcp-api.ts'
import type { CallOptions, Verbs } from './verbs.ts'
import { encode, overNetwork, query } from './verbs.ts'

export interface McpCalls {
  servers(options?: CallOptions): Promise<McpServerList>
  server(name: string, options?: CallOptions): Promise<McpServerDocument>
  /** Resolves when the server is ready, or cannot be reached, or takes longer than most do. */
  add(request: AddMcpServerRequest, options?: CallOptions): Promise<McpServerDocument>
  remove(name: string, options?: CallOptions): Promise<McpServerName>
  /** A new connection at once, also out of quarantine. */
  restart(name: string, options?: CallOptions): Promise<McpServerDocument>
  /** Takes its tools as they describe themselves now. */
  approve(name: string, options?: CallOptions): Promise<McpServerDocument>
  resource(name: string, uri: string, options?: CallOptions): Promise<McpResourceDocument>
  prompt(name: string, request: McpPromptRequest, options?: CallOptions): Promise<McpPromptDocument>
}

export function createMcpCalls({ get, post }: Verbs): McpCalls {
  return {
    servers: (options) => get('/v1/mcp', options),
    server: (name, options) => get(pathOf(name), options),
    add: (request, options) => post('/v1/mcp', request, overNetwork(options)),
    remove: (name, options) => post(`${pathOf(name)}/remove`, {}, options),
    restart: (name, options) => post(`${pathOf(name)}/restart`, {}, overNetwork(options)),
    approve: (name, options) => post(`${pathOf(name)}/approve`, {}, options),
    resource: (name, uri, options) =>
      get(`${pathOf(name)}/resource${query({ uri })}`, overNetwork(options)),
    prompt: (name, request, options) =>
      post(`${pathOf(name)}/prompt`, request, overNetwork(options))
  }
}

function pathOf(name: string): string {
  return `/v1/mcp/${encode(name)}`
}
