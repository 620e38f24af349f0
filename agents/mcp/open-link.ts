/** Makes the way to an MCP server: a process with its streams, or HTTP. */
import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import { LIMITS } from '../../core/limits.ts'
import type { McpHttpServer, McpServerInit, McpStdioServer } from '../../core/mcp-server.ts'
import type { Environment } from '../../core/paths.ts'
import { createTokenBucket } from '../../core/token-bucket.ts'
import { childEnvironment } from './child-environment.ts'
import { isAnswer, openConnection } from './connection.ts'
import type { McpConnection, McpConnectionInit, McpLink } from './connection.ts'
import { boundedFetch, readHeaders } from './http-transport.ts'
import { startProcessGroup } from './process-group.ts'
import { createStdioTransport } from './stdio-transport.ts'

export interface McpOpenerComponents {
  readonly clock: Clock
  /** Of the server: what it writes to stderr is logged there. */
  readonly logger: Logger
}

export interface McpOpenerInit {
  readonly server: McpServerInit
  /** The daemon's, of which a child gets little. */
  readonly environment: Environment
  readonly version: string
}

/** Opens one connection after another with the same server. */
export type McpOpener = (onListChanged: () => void, signal: AbortSignal) => Promise<McpConnection>

export function createMcpOpener(
  components: McpOpenerComponents,
  { server, environment, version }: McpOpenerInit
): McpOpener {
  const init = { version }
  if ('url' in server) {
    return async (onListChanged, signal) => {
      const link = await httpLink(components, server)
      return openConnection(components, { ...init, link, onListChanged, negotiate: true }, signal)
    }
  }
  // Programs are greeted as of old, since some die of any question before that; those that know
  // only newer revisions refuse, and are asked which from then on.
  let negotiate = false
  return async (onListChanged, signal) => {
    const open = async (): Promise<McpConnection> => {
      const link = await stdioLink(components, server, environment)
      const connection: McpConnectionInit = { ...init, link, onListChanged, negotiate }
      return openConnection(components, connection, signal)
    }
    try {
      return await open()
    } catch (error) {
      if (negotiate || !isAnswer(error)) throw error
      negotiate = true
      return open()
    }
  }
}

async function stdioLink(
  { clock, logger }: McpOpenerComponents,
  server: McpStdioServer,
  environment: Environment
): Promise<McpLink> {
  const { deserializeMessage, serializeMessage } = await import('@modelcontextprotocol/client')
  const env = await childEnvironment(server, environment)
  const group = startProcessGroup(
    { clock },
    {
      command: server.command,
      args: server.args ?? [],
      cwd: server.cwd ?? environment['HOME'] ?? '/',
      env
    }
  )
  const rate = LIMITS.mcpLogRate.value
  const transport = createStdioTransport({
    logger,
    group,
    lines: createTokenBucket({ clock }, { rate, burst: 10 * rate }),
    parse: deserializeMessage,
    serialize: serializeMessage
  })
  const { pid, ended } = transport
  return { transport, ended, mustAsk: false, ...(pid !== undefined && { pid }) }
}

async function httpLink({ clock }: McpOpenerComponents, server: McpHttpServer): Promise<McpLink> {
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client')
  const transport = new StreamableHTTPClientTransport(new URL(server.url), {
    requestInit: { headers: await readHeaders(server) },
    fetch: boundedFetch(fetch)
  })
  return {
    transport,
    ended: new Promise(() => {}),
    mustAsk: true,
    // The server may forget the session at once, instead of after a time of its own.
    async release() {
      const waited = new AbortController()
      const late = clock.sleep(LIMITS.mcpStop.value, waited.signal)
      await Promise.race([transport.terminateSession().catch(() => {}), late])
      waited.abort()
    }
  }
}
