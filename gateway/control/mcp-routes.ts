/** The part of the table of the control API that is about MCP. */
import { z } from 'zod'
import { documentRoute } from './route.ts'
import * as mcp from './schema/mcp.ts'

const one = z.strictObject({ name: z.string().min(1).max(64).describe('Name of an MCP server.') })

export const mcpRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/mcp',
    id: 'mcpServers',
    summary: 'MCP servers that this node uses',
    answer: mcp.serverList,
    handle: (operations) => operations.mcp.servers()
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/mcp',
    id: 'addMcpServer',
    summary: 'Uses another MCP server, from now on and after restarts',
    body: mcp.addRequest,
    answer: mcp.serverDocument,
    audit: ({ body }) => body.name,
    handle: (operations, { body, signal }) => operations.mcp.add(body, signal)
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/mcp/{name}',
    id: 'mcpServer',
    summary: 'One MCP server and what it offers',
    params: one,
    answer: mcp.serverDocument,
    handle: (operations, { params }) => operations.mcp.server(params.name)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/mcp/{name}/remove',
    id: 'removeMcpServer',
    summary: 'Ends an MCP server and forgets it',
    params: one,
    answer: mcp.serverNameDocument,
    handle: (operations, { params }) => operations.mcp.remove(params.name)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/mcp/{name}/restart',
    id: 'restartMcpServer',
    summary: 'Connects to an MCP server anew, also out of quarantine',
    params: one,
    answer: mcp.serverDocument,
    handle: (operations, { params, signal }) => operations.mcp.restart(params.name, signal)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/mcp/{name}/approve',
    id: 'approveMcpServer',
    summary: 'Takes the tools of an MCP server as they describe themselves now',
    params: one,
    answer: mcp.serverDocument,
    handle: (operations, { params }) => operations.mcp.approve(params.name)
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/mcp/{name}/resource',
    id: 'mcpResource',
    summary: 'What a resource of an MCP server holds',
    params: one,
    query: z.strictObject({ uri: z.string().min(1).max(2048) }),
    answer: mcp.resourceDocument,
    handle: (operations, { params, query, signal }) =>
      operations.mcp.resource(params.name, query.uri, signal)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/mcp/{name}/prompt',
    id: 'mcpPrompt',
    summary: 'A prompt of an MCP server, filled in',
    params: one,
    body: mcp.promptRequest,
    answer: mcp.promptDocument,
    audit: false,
    handle: (operations, { params, body, signal }) =>
      operations.mcp.prompt(params.name, body, signal)
  })
]
