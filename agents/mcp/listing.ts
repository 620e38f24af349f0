/** What an MCP server offers, made safe to show and bounded: all of it is text by strangers. */
import { createHash } from 'node:crypto'
import type {
  Client,
  Prompt,
  Resource,
  ResourceTemplateType,
  Tool
} from '@modelcontextprotocol/client'
import canonicalize from 'canonicalize'
import type { JsonObject } from '../../core/json.ts'
import { isJsonObject } from '../../core/json.ts'
import type { McpPrompt, McpResource, McpTemplate } from '../../core/mcp-server.ts'
import { LIMITS } from '../../core/limits.ts'
import { cleanSchema, cleanText } from './clean-text.ts'

/** What a tool says of itself. Hints: nobody checks them. */
export interface McpHints {
  readonly readOnly?: boolean
  readonly destructive?: boolean
  readonly openWorld?: boolean
}

export interface McpTool {
  /** As the server calls it. */
  readonly name: string
  readonly description: string
  readonly inputSchema: JsonObject
  readonly hints: McpHints
  /** SHA-256 of all that a model gets to read of it, as the server sent it. */
  readonly digest: string
}

export interface McpListing {
  readonly tools: readonly McpTool[]
  readonly resources: readonly McpResource[]
  readonly templates: readonly McpTemplate[]
  readonly prompts: readonly McpPrompt[]
}

export const EMPTY_LISTING: McpListing = { tools: [], resources: [], templates: [], prompts: [] }

const NAME_LENGTH = 128
const URI_LENGTH = 2048

/** Asks for all that the server says it has. */
export async function readListing(client: Client, signal: AbortSignal): Promise<McpListing> {
  const options = { signal, timeout: NO_TIMEOUT, cacheMode: 'refresh' } as const
  const has = client.getServerCapabilities() ?? {}
  const [tools, resources, templates, prompts] = await Promise.all([
    has.tools === undefined ? [] : client.listTools({}, options).then((list) => list.tools),
    has.resources === undefined
      ? []
      : client.listResources({}, options).then((list) => list.resources),
    // Servers that know no templates are right to answer that there is no such method.
    has.resources === undefined
      ? []
      : client.listResourceTemplates({}, options).then(
          (list) => list.resourceTemplates,
          () => []
        ),
    has.prompts === undefined ? [] : client.listPrompts({}, options).then((list) => list.prompts)
  ])
  return {
    tools: bounded(tools).flatMap(toolOf),
    resources: bounded(resources).map(resourceOf),
    templates: bounded(templates).map(templateOf),
    prompts: bounded(prompts).map(promptOf)
  }
}

/** The SDK's own timers stay out of it (setTimeout's longest): signals of our clock end requests. */
export const NO_TIMEOUT = 2 ** 31 - 1

function bounded<T>(items: readonly T[]): readonly T[] {
  return items.slice(0, LIMITS.mcpItems.value)
}

/** None for a schema that is too large to be shown to a model with every question. */
function toolOf({ name, title, description = '', inputSchema, annotations = {} }: Tool): McpTool[] {
  if (name.length > NAME_LENGTH || !isJsonObject(inputSchema)) return []
  if (JSON.stringify(inputSchema).length > LIMITS.mcpSchemaBytes.value) return []
  const { readOnlyHint, destructiveHint, openWorldHint } = annotations
  const hints = {
    ...(readOnlyHint !== undefined && { readOnly: readOnlyHint }),
    ...(destructiveHint !== undefined && { destructive: destructiveHint }),
    ...(openWorldHint !== undefined && { openWorld: openWorldHint })
  }
  const said = canonicalize({ name, title, description, inputSchema, hints }) ?? ''
  return [
    {
      name,
      description: cleanText(description === '' ? (title ?? name) : description),
      inputSchema: cleanSchema(inputSchema),
      hints,
      digest: createHash('sha256').update(said).digest('hex')
    }
  ]
}

function resourceOf({ uri, name, description = '', mimeType }: Resource): McpResource {
  return {
    uri: cleanText(uri, URI_LENGTH),
    name: cleanText(name, NAME_LENGTH),
    description: cleanText(description),
    ...(mimeType !== undefined && { mediaType: cleanText(mimeType, NAME_LENGTH) })
  }
}

function templateOf({ uriTemplate, name, description = '' }: ResourceTemplateType): McpTemplate {
  return {
    uriTemplate: cleanText(uriTemplate, URI_LENGTH),
    name: cleanText(name, NAME_LENGTH),
    description: cleanText(description)
  }
}

function promptOf({ name, description = '', arguments: given = [] }: Prompt): McpPrompt {
  return {
    name: cleanText(name, NAME_LENGTH),
    description: cleanText(description),
    arguments: bounded(given).map((argument) => ({
      name: cleanText(argument.name, NAME_LENGTH),
      description: cleanText(argument.description ?? ''),
      required: argument.required === true
    }))
  }
}
