/** How an MCP server is reached, as people configure it: shared by those who keep it and those who use it. */

/** What a call of its tools can do; the same words as for every tool of an agent. */
export type McpEffect = 'read-private' | 'network' | 'write' | 'execute'

interface McpServerTraits {
  /** The user's own word on what its tools do; without it what the server says counts as a hint. */
  readonly effects?: readonly McpEffect[]
  /** Offer its tools to the whole swarm, as the skills of an agent of the same name. */
  readonly agent?: boolean
  /** Milliseconds one call may take; `LIMITS.mcpCall` without it. */
  readonly callTimeoutMs?: number
}

/** A program of this machine that speaks MCP on its standard input and output. */
export interface McpStdioServer extends McpServerTraits {
  readonly command: string
  readonly args?: readonly string[]
  /** Where it runs; without it the home of the user. */
  readonly cwd?: string
  /**
   * Variables beside PATH, HOME and LANG. `env:NAME` is the variable of the daemon, `file:PATH` what
   * the file holds: secrets stand in neither configuration nor answers.
   */
  readonly env?: Readonly<Record<string, string>>
}

/** A server that speaks Streamable HTTP. */
export interface McpHttpServer extends McpServerTraits {
  readonly url: string
  /** A file with lines `Name: value`, read at each connection: secrets stay in it. */
  readonly headerFile?: string
}

export type McpServerInit = McpStdioServer | McpHttpServer

export interface McpResource {
  readonly uri: string
  readonly name: string
  readonly description: string
  readonly mediaType?: string
}

export interface McpTemplate {
  /** RFC 6570. */
  readonly uriTemplate: string
  readonly name: string
  readonly description: string
}

export interface McpPrompt {
  readonly name: string
  readonly description: string
  readonly arguments: readonly {
    readonly name: string
    readonly description: string
    readonly required: boolean
  }[]
}

export const MCP_SERVER_NAME = /^[a-z][a-z0-9-]{0,31}$/

/** The command line or the URL, as people recognise a server by. */
export function mcpTarget(init: McpServerInit): string {
  if ('url' in init) return init.url
  return [init.command, ...(init.args ?? [])].join(' ')
}
