/** Joins the MCP servers that this node uses, and the door through which others use it as one. */
import { join } from 'node:path'
import { z } from 'zod'
import { createMcpServers } from '../agents/mcp/mcp-servers.ts'
import type { McpServers } from '../agents/mcp/mcp-servers.ts'
import { createMcpOpener } from '../agents/mcp/open-link.ts'
import type { Roster } from '../agents/roster.ts'
import type { ToolRegistry } from '../agents/tools/registry.ts'
import { serverInit, serverName } from '../gateway/control/schema/mcp.ts'
import { createJsonFile } from '../storage/json-file.ts'
import type { NodeConfig } from './config/schema.ts'
import type { NodeComponents } from './wire.ts'

export interface NodeMcpComponents extends NodeComponents {
  readonly tools: Pick<ToolRegistry, 'assign'>
  readonly roster: Pick<Roster, 'assign'>
}

export interface NodeMcpInit {
  readonly config: NodeConfig['mcp']
  readonly dataDirectory: string
  /** Of this node, which it says to servers. */
  readonly version: string
}

const document = z.strictObject({
  v: z.literal(1),
  servers: z.record(serverName, serverInit),
  pins: z.record(z.string(), z.record(z.string(), z.string().length(64)))
})

/** Servers and the digests of all their tools. */
const FILE_BYTES = 4 * 1024 * 1024

const NONE = { v: 1, servers: {}, pins: {} } as const

export async function createNodeMcp(
  { clock, random, logger, tools, roster }: NodeMcpComponents,
  { config, dataDirectory, version }: NodeMcpInit
): Promise<McpServers> {
  const log = logger.child('mcp')
  const file = createJsonFile({
    path: join(dataDirectory, 'mcp.json'),
    maxBytes: FILE_BYTES,
    parse: (value) => document.parse(value)
  })
  const saved = await file.read((damaged) => {
    // What it approved must not be approved again unseen.
    log.error('which MCP servers were added is not known: see the file', { ...damaged })
    return NONE
  })
  return createMcpServers(
    {
      clock,
      random,
      logger: log,
      createOpener: (each, server) =>
        createMcpOpener({ clock, logger: each }, { server, environment: process.env, version }),
      assignTools: (name, made) => tools.assign(`mcp:${name}`, made),
      assignAgents: (name, agents) => roster.assign(`mcp:${name}`, agents),
      save: (state) => file.write({ v: 1, ...state })
    },
    { configured: config.servers, saved: saved ?? NONE }
  )
}
