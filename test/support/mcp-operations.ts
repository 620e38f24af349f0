/** MCP of a node that answers every operation with a document that has all its fields. */
import type * as api from '../../client/mcp-api.ts'
import type { McpOperations } from '../../gateway/control/mcp-operations.ts'

const summary: api.McpServerSummary = {
  name: 'files',
  kind: 'stdio',
  target: 'npx server',
  fixed: false,
  agent: true,
  state: 'waiting',
  since: '2026-01-02T03:04:05.678Z',
  restarts: 2,
  tools: 1,
  changed: 1,
  reason: 'it ended with code 1',
  server: { name: 'files', version: '1.0.0', protocol: '2025-11-25' },
  pid: 77
}

const argument = { name: 'city', description: 'which', required: true }

export const MCP_DOCUMENT: api.McpServerDocument = {
  v: 1,
  server: {
    ...summary,
    offers: {
      tools: [
        {
          id: 'files_read',
          name: 'read',
          description: 'reads',
          effects: ['read-private'],
          inputSchema: { type: 'object' },
          changed: false
        }
      ],
      resources: [{ uri: 'file:///a', name: 'a', description: 'b', mediaType: 'text/plain' }],
      templates: [{ uriTemplate: 'file:///{path}', name: 'a', description: 'b' }],
      prompts: [{ name: 'greet', description: 'says hello', arguments: [argument] }]
    }
  }
}

export function fakeMcp(overrides: Partial<McpOperations> = {}): McpOperations {
  return {
    servers: async () => ({ v: 1, servers: [summary] }),
    server: async () => MCP_DOCUMENT,
    add: async () => MCP_DOCUMENT,
    remove: async (name) => ({ v: 1, name }),
    restart: async () => MCP_DOCUMENT,
    approve: async () => MCP_DOCUMENT,
    resource: async (server, uri) => ({ v: 1, server, uri, content: ['text', { bytes: 1 }] }),
    prompt: async (server, { prompt }) => ({
      v: 1,
      server,
      prompt,
      messages: [{ role: 'user', text: 'hello' }]
    }),
    attach: (stream) => stream.destroy(),
    ...overrides
  }
}
