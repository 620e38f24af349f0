/** Makes tools for the agents of this node of what an MCP server offers. */
import { createHash } from 'node:crypto'
import { LumosError } from '../../core/errors.ts'
import { isJsonObject } from '../../core/json.ts'
import type { Json } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { McpServerInit } from '../../core/mcp-server.ts'
import { tool } from '../tools/define-tool.ts'
import { looselyChecked } from '../tools/loose-schema.ts'
import type { Tool, ToolContext, ToolEffect } from '../tools/tool.ts'
import { cleanText } from './clean-text.ts'
import type { McpHints, McpListing, McpTool } from './listing.ts'
import { outputOf, resourceOutput, textOfBlocks } from './results.ts'
import type { SupervisedServer } from './supervised-server.ts'

export interface McpToolsInit {
  readonly name: string
  readonly server: McpServerInit
  /** Those that may be offered. */
  readonly listing: Pick<McpListing, 'tools' | 'resources' | 'templates'>
}

export interface McpToolsComponents {
  readonly supervised: Pick<SupervisedServer, 'ask'>
  readonly logger: Logger
}

const FAILURE_LENGTH = 1000

/** What no tool can be made of (a bad schema) is left out, with a word in the log. */
export function createMcpTools(components: McpToolsComponents, init: McpToolsInit): Tool[] {
  const { tools, resources, templates } = init.listing
  const made = tools.flatMap((each): Tool[] => {
    try {
      return [toolOf(components, init, each)]
    } catch (error) {
      components.logger.warn('a tool of the server cannot be used', { tool: each.name, error })
      return []
    }
  })
  const hasResources = resources.length + templates.length > 0
  const all = hasResources ? [...made, readerOf(components, init)] : made
  // A server may have a tool of the same name, and two names may look alike once they are cleaned.
  return [...new Map(all.toReversed().map((each) => [each.id, each])).values()].toReversed()
}

function toolOf(
  { supervised }: McpToolsComponents,
  { name, server }: McpToolsInit,
  { name: called, description, inputSchema, hints }: McpTool
): Tool {
  const id = toolId(name, called)
  const timeoutMs = timeoutOf(server)
  return tool({
    id,
    description,
    inputSchema: looselyChecked(inputSchema),
    effects: effectsOf(hints, server),
    untrusted: true,
    // A hint that asks for more care is believed.
    asks: server.effects === undefined && hints.destructive === true,
    timeoutMs,
    execute: (input, { signal, say }: ToolContext) =>
      supervised.ask({
        signal,
        timeoutMs,
        async use(connection, each) {
          const given = isJsonObject(input) ? input : {}
          const call = { tool: called, input: given, signal: each, onProgress: say }
          const result = await connection.callTool(call)
          if (result.isError !== true) return outputOf(result)
          const reason = cleanText(textOfBlocks(result.content), FAILURE_LENGTH)
          throw new LumosError('TOOL_FAILED', { details: { tool: id, reason } })
        }
      })
  })
}

/** Resources, for agents that know no more than tools. */
function readerOf(
  { supervised }: McpToolsComponents,
  { name, server, listing }: McpToolsInit
): Tool {
  const known = [
    ...listing.resources.map(({ uri }) => uri),
    ...listing.templates.map(({ uriTemplate }) => uriTemplate)
  ]
  const timeoutMs = timeoutOf(server)
  return tool({
    id: toolId(name, 'read_resource'),
    description: cleanText(
      `Reads a resource of the server "${name}", such as: ${known.join(', ')}`
    ),
    inputSchema: {
      type: 'object',
      properties: { uri: { type: 'string' } },
      required: ['uri'],
      additionalProperties: false
    },
    effects: effectsOf({ readOnly: true, openWorld: false }, server),
    untrusted: true,
    timeoutMs,
    execute: ({ uri }, { signal }: ToolContext): Promise<Json> =>
      supervised.ask({
        signal,
        timeoutMs,
        use: async (connection, each) =>
          resourceOutput(await connection.readResource(typeof uri === 'string' ? uri : '', each))
      })
  })
}

function timeoutOf({ callTimeoutMs }: McpServerInit): number {
  return callTimeoutMs ?? LIMITS.mcpCall.value
}

/** As models take it: `name_tool`, shortened and told apart by its digest where that is too long. */
export function toolId(server: string, called: string): string {
  const id = `${server}_${called}`
  const plain = id.replaceAll(/[^A-Za-z0-9_-]/g, '_')
  if (plain === id && id.length <= ID_LENGTH) return id
  const digest = createHash('sha256').update(called).digest('hex').slice(0, 6)
  return `${plain.slice(0, ID_LENGTH - 7)}_${digest}`
}

const ID_LENGTH = 64

/**
 * The user's word, else what the server says, as far as it can be true: what a program of this machine
 * returns may be private, and what goes to another machine has left this one.
 */
export function effectsOf(hints: McpHints, server: McpServerInit): readonly ToolEffect[] {
  if (server.effects !== undefined) return server.effects
  return [
    'read-private',
    ...(hints.openWorld !== false || 'url' in server ? (['network'] as const) : []),
    ...(hints.readOnly === true ? [] : (['write'] as const))
  ]
}
