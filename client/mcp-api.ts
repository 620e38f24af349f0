/** The control API's documents about MCP: servers that this node uses, and the one that it is. */
import type { Json, JsonObject } from '../core/json.ts'
import type {
  McpEffect,
  McpPrompt,
  McpResource,
  McpServerInit,
  McpTemplate
} from '../core/mcp-server.ts'

interface Versioned {
  readonly v: 1
}

/** `waiting`: for the next try. `quarantined`: it died too often, and waits for a person. */
export type McpServerState = 'starting' | 'ready' | 'waiting' | 'quarantined' | 'stopped'

export interface McpServerSummary {
  readonly name: string
  readonly kind: 'stdio' | 'http'
  /** Command line or URL. */
  readonly target: string
  /** It stands in the configuration, and can be removed only there. */
  readonly fixed: boolean
  /** Its tools are also an agent of the swarm. */
  readonly agent: boolean
  readonly state: McpServerState
  /** ISO 8601: in this state since. */
  readonly since: string
  /** Times it was started again since the node started. */
  readonly restarts: number
  /** Tools that agents of this node can use. */
  readonly tools: number
  /** Tools that are held back, as they are not what was approved. */
  readonly changed: number
  /** Why it is not ready. */
  readonly reason?: string
  /** What it said of itself. */
  readonly server?: { readonly name: string; readonly version: string; readonly protocol: string }
  readonly pid?: number
}

export interface McpServerList extends Versioned {
  readonly servers: readonly McpServerSummary[]
}

export interface McpToolView {
  /** As agents know it; empty for one that is held back. */
  readonly id: string
  /** As the server calls it. */
  readonly name: string
  readonly description: string
  readonly effects: readonly McpEffect[]
  readonly inputSchema: JsonObject
  /** Held back: it does not describe itself as it did when it was approved. */
  readonly changed: boolean
}

export interface McpServerDetails extends McpServerSummary {
  readonly offers: {
    readonly tools: readonly McpToolView[]
    readonly resources: readonly McpResource[]
    readonly templates: readonly McpTemplate[]
    readonly prompts: readonly McpPrompt[]
  }
}

export interface McpServerDocument extends Versioned {
  readonly server: McpServerDetails
}

export interface AddMcpServerRequest {
  /** Lower case letters, digits and dashes, at most 32: its tools are called `NAME_tool`. */
  readonly name: string
  readonly server: McpServerInit
}

export interface McpServerName extends Versioned {
  readonly name: string
}

export interface McpResourceDocument extends Versioned {
  readonly server: string
  readonly uri: string
  /** Text as it is; of anything else its size. */
  readonly content: Json
}

export interface McpPromptRequest {
  readonly prompt: string
  readonly values: Readonly<Record<string, string>>
}

export interface McpPromptDocument extends Versioned {
  readonly server: string
  readonly prompt: string
  readonly messages: readonly { readonly role: string; readonly text: string }[]
}
