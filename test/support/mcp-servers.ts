/** MCP servers made of promises: connections that tests open, change and break. */
import { onTestFinished } from 'vitest'
import type { McpCall, McpConnection } from '../../agents/mcp/connection.ts'
import { EMPTY_LISTING } from '../../agents/mcp/listing.ts'
import type { McpListing, McpTool } from '../../agents/mcp/listing.ts'
import { createMcpServers } from '../../agents/mcp/mcp-servers.ts'
import type { McpSaved } from '../../agents/mcp/mcp-servers.ts'
import type { Agent } from '../../agents/agent.ts'
import type { Tool } from '../../agents/tools/tool.ts'
import type { McpServerInit } from '../../core/mcp-server.ts'
import { ManualClock } from './manual-clock.ts'
import { recordingLogger } from './mcp-client.ts'
import { seededRandom } from './random.ts'

export interface FakeConnection {
  /** The server dies. */
  end(reason: string): void
  /** It offers something else from now on. */
  change(listing: Partial<McpListing>): void
  readonly closed: () => boolean
  /** How often its lists were read. */
  readonly reads: () => number
}

export interface FakeServers {
  readonly listing: Partial<McpListing>
  readonly answer?: (call: McpCall) => ReturnType<McpConnection['callTool']>
  readonly configured?: Readonly<Record<string, McpServerInit>>
  readonly saved?: McpSaved
  /** Before anything is kept. */
  readonly saving?: () => Promise<void>
}

export function mcpTool(name: string, more: Partial<McpTool> = {}): McpTool {
  return {
    name,
    description: `does ${name}`,
    inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
    hints: {},
    digest: `${name}-1`,
    ...more
  }
}

export const PROGRAM: McpServerInit = { command: 'server' }

export function fakeServers({ listing, answer, configured = {}, saved, saving }: FakeServers) {
  const clock = new ManualClock()
  const { logger, lines } = recordingLogger()
  const connections: FakeConnection[] = []
  const tools = new Map<string, readonly Tool[]>()
  const agents = new Map<string, readonly Agent[]>()
  const kept: McpSaved[] = []
  let failing: string | undefined
  const servers = createMcpServers(
    {
      clock,
      random: seededRandom(1),
      logger,
      createOpener: () => async (onListChanged) => {
        if (failing !== undefined) throw new Error(failing)
        const { connection, control } = fakeConnection(listing, onListChanged, answer)
        connections.push(control)
        return connection
      },
      assignTools: (name, made) => void tools.set(name, made),
      assignAgents: async (name, made) => void agents.set(name, made),
      async save(state) {
        await saving?.()
        kept.push(state)
      }
    },
    { configured, saved: saved ?? { servers: {}, pins: {} } }
  )
  onTestFinished(() => servers.stop())
  return {
    clock,
    servers,
    connections,
    lines,
    kept,
    agents,
    toolIds: (name: string): string[] => (tools.get(name) ?? []).map(({ id }) => id),
    tool: (name: string, id: string): Tool | undefined =>
      tools.get(name)?.find((each) => each.id === id),
    /** Connecting fails with this reason, or works again. */
    fail: (reason: string | undefined): void => {
      failing = reason
    }
  }
}

function fakeConnection(
  listing: Partial<McpListing>,
  onListChanged: () => void,
  answer: FakeServers['answer']
): { connection: McpConnection; control: FakeConnection } {
  const ended = Promise.withResolvers<string>()
  let now = listing
  let closed = false
  let reads = 0
  const connection: McpConnection = {
    greeting: { server: 'fake', version: '1', protocol: '2025-11-25' },
    ended: ended.promise,
    async list() {
      reads += 1
      return { ...EMPTY_LISTING, ...now }
    },
    callTool: (call) =>
      answer?.(call) ?? Promise.resolve({ content: [{ type: 'text', text: call.tool }] }),
    readResource: async (uri) => ({ contents: [{ uri, text: `text of ${uri}` }] }),
    getPrompt: async () => ({ messages: [] }),
    async close() {
      closed = true
    }
  }
  const control: FakeConnection = {
    end: ended.resolve,
    change(next) {
      now = next
      onListChanged()
    },
    closed: () => closed,
    reads: () => reads
  }
  return { connection, control }
}
