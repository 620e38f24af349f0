/** Where MCP clients of this machine's user come in: through the control socket, whose other end is `lumos mcp serve`. */
import type { Duplex } from 'node:stream'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { createSwarmServer, onClosed } from './swarm-server.ts'
import type { McpEra, SwarmOperations } from './swarm-server.ts'
import { createToolWatch } from './tool-watch.ts'
import type { ToolWatchComponents } from './tool-watch.ts'
import type { Server } from '@modelcontextprotocol/server'

export interface McpDoorComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly operations: SwarmOperations
  readonly onAgents: ToolWatchComponents['onAgents']
}

export interface McpDoorInit {
  /** Of this node. */
  readonly version: string
}

export interface McpDoor {
  /**
   * Serves whoever is at the other end until it goes, or `ending` aborts; with SHUTTING_DOWN as its
   * reason the tasks that the client waits for go on, else they end with their client.
   */
  attach(stream: Duplex, ending: AbortSignal): void
  /** Nobody is told of changes any more. */
  stop(): void
}

export function createMcpDoor(components: McpDoorComponents, { version }: McpDoorInit): McpDoor {
  const { logger, operations } = components
  const watch = createToolWatch(components)
  let clients = 0

  /** Of a client that is told of changes as long as it is there. */
  async function createSession(era: McpEra, ending: AbortSignal): Promise<Server> {
    const server = await createSwarmServer({ operations, logger, ending }, { era, version })
    const stopWatch = watch.on(() => void server.sendToolListChanged().catch(() => {}))
    onClosed(server, stopWatch)
    return server
  }

  async function serve(stream: Duplex, ending: AbortSignal): Promise<void> {
    const { serveStdio, StdioServerTransport } = await import('@modelcontextprotocol/server/stdio')
    if (stream.destroyed) return
    const transport = new StdioServerTransport(stream, stream, {
      maxBufferSize: LIMITS.mcpRequestBytes.value
    })
    const handle = serveStdio(({ era }) => createSession(era, ending), {
      transport,
      maxSubscriptions: LIMITS.mcpSubscriptions.value,
      onerror: (error) => logger.debug('an MCP client broke the protocol', { error })
    })
    const leave = (): void => void handle.close().finally(() => stream.destroy())
    ending.addEventListener('abort', leave, { once: true })
    await new Promise((resolve) => stream.once('close', resolve))
    ending.removeEventListener('abort', leave)
    await handle.close()
  }

  return {
    attach(stream, ending) {
      // A client that is killed resets its end.
      stream.on('error', () => stream.destroy())
      if (ending.aborted || clients >= LIMITS.mcpSessions.value) {
        stream.destroy()
        return
      }
      clients += 1
      serve(stream, ending)
        .catch((error: unknown) => {
          logger.error('an MCP client cannot be served', { error })
          stream.destroy()
        })
        .finally(() => (clients -= 1))
    },
    stop: () => watch.stop()
  }
}
