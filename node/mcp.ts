/** Joins the MCP servers that this node uses, and the door through which others use it as one. */
import { join } from 'node:path'
import { rename } from 'node:fs/promises'
import { z } from 'zod'
import { createMcpServers } from '../agents/mcp/mcp-servers.ts'
import type { McpSaved, McpServers } from '../agents/mcp/mcp-servers.ts'
import { createMcpOpener } from '../agents/mcp/open-link.ts'
import type { Roster } from '../agents/roster.ts'
import type { ToolRegistry } from '../agents/tools/registry.ts'
import type { Logger } from '../core/logger.ts'
import { serverInit, serverName } from '../gateway/control/schema/mcp.ts'
import { readFileBounded, writeJsonAtomic } from '../storage/atomic-file.ts'
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

export async function createNodeMcp(
  { clock, random, logger, tools, roster }: NodeMcpComponents,
  { config, dataDirectory, version }: NodeMcpInit
): Promise<McpServers> {
  const log = logger.child('mcp')
  const path = join(dataDirectory, 'mcp.json')
  return createMcpServers(
    {
      clock,
      random,
      logger: log,
      createOpener: (each, server) =>
        createMcpOpener({ clock, logger: each }, { server, environment: process.env, version }),
      assignTools: (name, made) => tools.assign(`mcp:${name}`, made),
      assignAgents: (name, agents) => roster.assign(`mcp:${name}`, agents),
      save: ({ servers, pins }) => writeJsonAtomic(path, { v: 1, servers: plain(servers), pins })
    },
    { configured: config.servers, saved: await readSaved(path, log) }
  )
}

/** Without the members that are absent, which the types allow to be `undefined`. */
function plain(servers: McpSaved['servers']): Record<string, { readonly [key: string]: string }> {
  return JSON.parse(JSON.stringify(servers))
}

/** A file that cannot be read is put aside: what it approved must not be approved again unseen. */
async function readSaved(path: string, logger: Logger): Promise<McpSaved> {
  const file = await readFileBounded(path, FILE_BYTES)
  if (file === undefined) return { servers: {}, pins: {} }
  try {
    return document.parse(JSON.parse(Buffer.from(file.content).toString()))
  } catch (error) {
    const aside = `${path}.damaged`
    await rename(path, aside)
    logger.error('which MCP servers were added is not known: see the file', { path: aside, error })
    return { servers: {}, pins: {} }
  }
}
