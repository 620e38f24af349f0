/** MCP on request of a person: servers to use, and being one. */
import type { McpServer, McpServers } from '../../agents/mcp/mcp-servers.ts'
import { effectsOf, toolId } from '../../agents/mcp/mcp-tools.ts'
import { promptMessages, resourceOutput } from '../../agents/mcp/results.ts'
import type { SupervisedServer } from '../../agents/mcp/supervised-server.ts'
import { API_VERSION } from '../../client/api.ts'
import type { McpServerDetails, McpServerDocument, McpServerSummary } from '../../client/mcp-api.ts'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import { mcpTarget } from '../../core/mcp-server.ts'
import type { McpOperations } from '../../gateway/control/mcp-operations.ts'
import { createMcpDoor } from '../../gateway/mcp/mcp-door.ts'
import type { SwarmOperations } from '../../gateway/mcp/swarm-server.ts'
import type { Assembly } from '../assembly.ts'

/** Whoever adds a server wants to see its tools; npx may take longer, and then shows them later. */
const SETTLE_MS = 20_000

export interface McpPart {
  readonly operations: McpOperations
  stop(): void
}

/** `swarm`: what MCP clients are offered. */
export function createMcpOperations(
  { components, capabilities, mcp, init }: Assembly,
  swarm: SwarmOperations
): McpPart {
  const { clock, logger } = components
  const door = createMcpDoor(
    {
      clock,
      logger: logger.child('mcp'),
      operations: swarm,
      onAgents: agentChanges(capabilities)
    },
    { version: init.version }
  )
  return {
    operations: {
      ...createServerOperations({ clock }, mcp),
      attach: (stream, signal) => door.attach(stream, signal)
    },
    stop: () => door.stop()
  }
}

/** Calls back whenever an agent of the swarm may have come, changed or gone. */
export function agentChanges({ directory }: Pick<Assembly['capabilities'], 'directory'>) {
  return (listener: () => void): (() => void) => {
    directory.events.on('changed', listener).on('removed', listener)
    return () => directory.events.off('changed', listener).off('removed', listener)
  }
}

function createServerOperations(
  { clock }: { readonly clock: Clock },
  servers: McpServers
): Omit<McpOperations, 'attach'> {
  const settle = (server: McpServer, signal: AbortSignal): Promise<void> =>
    settled(server.supervised, AbortSignal.any([signal, clock.timeout(SETTLE_MS)]))
  return {
    servers: async () => ({ v: API_VERSION, servers: servers.list().map(summaryOf) }),
    server: async (name) => document(servers.get(name)),
    async add({ name, server }, signal) {
      const added = await servers.add(name, server)
      await settle(added, signal)
      return document(added)
    },
    async remove(name) {
      await servers.remove(name)
      return { v: API_VERSION, name }
    },
    async restart(name, signal) {
      const server = servers.get(name)
      const begun = begins(server.supervised, signal)
      server.supervised.restart()
      await begun
      await settle(server, signal)
      return document(server)
    },
    async approve(name) {
      await servers.approve(name)
      return document(servers.get(name))
    },
    async resource(name, uri, signal) {
      const { supervised } = servers.get(name)
      const result = await supervised.ask({
        signal,
        timeoutMs: LIMITS.mcpCall.value,
        use: (connection, each) => connection.readResource(uri, each)
      })
      return { v: API_VERSION, server: name, uri, content: resourceOutput(result) }
    },
    async prompt(name, { prompt, values }, signal) {
      const { supervised } = servers.get(name)
      const result = await supervised.ask({
        signal,
        timeoutMs: LIMITS.mcpCall.value,
        use: (connection, each) => connection.getPrompt(prompt, values, each)
      })
      return { v: API_VERSION, server: name, prompt, messages: promptMessages(result) }
    }
  }
}

/** Until it is no longer about to be connected, or for as long as the signal lets. */
function settled(supervised: SupervisedServer, signal: AbortSignal): Promise<void> {
  return until(supervised, signal, () => supervised.status().state !== 'starting')
}

function begins(supervised: SupervisedServer, signal: AbortSignal): Promise<void> {
  const { restarts } = supervised.status()
  return until(supervised, signal, () => supervised.status().restarts > restarts)
}

function until(
  { events }: SupervisedServer,
  signal: AbortSignal,
  isMet: () => boolean
): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!isMet() && !signal.aborted) return
      events.off('changed', look)
      signal.removeEventListener('abort', look)
      resolve()
    }
    events.on('changed', look)
    signal.addEventListener('abort', look)
    look()
  })
}

function summaryOf({ name, init, fixed, supervised, pinned, tools }: McpServer): McpServerSummary {
  const { state, since, restarts, greeting, reason } = supervised.status()
  return {
    name,
    kind: 'url' in init ? 'http' : 'stdio',
    target: mcpTarget(init),
    fixed,
    agent: init.agent === true,
    state,
    since: new Date(since).toISOString(),
    restarts,
    tools: tools().length,
    changed: pinned().changed.length,
    ...(reason !== undefined && { reason }),
    ...(greeting && {
      server: {
        name: greeting.server,
        version: greeting.version,
        protocol: greeting.protocol
      },
      ...(greeting.pid !== undefined && { pid: greeting.pid })
    })
  }
}

function document(server: McpServer): McpServerDocument {
  return { v: API_VERSION, server: detailsOf(server) }
}

function detailsOf(server: McpServer): McpServerDetails {
  const { name, init, supervised, pinned } = server
  const { resources, templates, prompts } = supervised.listing()
  const { offered, changed } = pinned()
  const tools = [...offered, ...changed].map((tool) => ({
    id: changed.includes(tool) ? '' : toolId(name, tool.name),
    name: tool.name,
    description: tool.description,
    effects: effectsOf(tool.hints, init),
    inputSchema: tool.inputSchema,
    changed: changed.includes(tool)
  }))
  return { ...summaryOf(server), offers: { tools, resources, templates, prompts } }
}
