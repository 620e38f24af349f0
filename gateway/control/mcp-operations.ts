/** What the control API asks of a node about MCP. */
import type { Duplex } from 'node:stream'
import type {
  AddMcpServerRequest,
  McpPromptDocument,
  McpPromptRequest,
  McpResourceDocument,
  McpServerDocument,
  McpServerList,
  McpServerName
} from '../../client/mcp-api.ts'

/** `name` of no server is MCP_SERVER_UNKNOWN. */
export interface McpOperations {
  servers(): Promise<McpServerList>
  server(name: string): Promise<McpServerDocument>
  /** @throws MCP_SERVER_EXISTS, MCP_SERVERS_FULL */
  add(request: AddMcpServerRequest, signal: AbortSignal): Promise<McpServerDocument>
  /** @throws MCP_SERVER_FIXED */
  remove(name: string): Promise<McpServerName>
  restart(name: string, signal: AbortSignal): Promise<McpServerDocument>
  approve(name: string): Promise<McpServerDocument>
  /** @throws MCP_SERVER_DOWN, MCP_REFUSED */
  resource(name: string, uri: string, signal: AbortSignal): Promise<McpResourceDocument>
  /** @throws MCP_SERVER_DOWN, MCP_REFUSED */
  prompt(name: string, request: McpPromptRequest, signal: AbortSignal): Promise<McpPromptDocument>
  /** Serves MCP to the program at the other end of `stream`, one JSON-RPC message a line, until the signal aborts. */
  attach(stream: Duplex, signal: AbortSignal): void
}
