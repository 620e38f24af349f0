/** What the control API says about MCP, and what it is asked: schemas of client/mcp-api.ts. */
import { z } from 'zod'
import type * as api from '../../../client/mcp-api.ts'
import { LIMITS } from '../../../core/limits.ts'
import { MCP_SERVER_NAME } from '../../../core/mcp-server.ts'
import type { McpServerInit } from '../../../core/mcp-server.ts'
import { count, json, jsonObject, moment, named, v } from './document.ts'

const text = z.string().min(1).max(4096)
const effect = z.enum(['read-private', 'network', 'write', 'execute'])

export const serverName = z
  .string()
  .regex(MCP_SERVER_NAME, 'lower case letters, digits and dashes, at most 32, a letter first')

const traits = {
  effects: z
    .array(effect)
    .max(4)
    .exactOptional()
    .describe('What its tools do, by your own word. Without it what the server says is a hint.'),
  agent: z
    .boolean()
    .exactOptional()
    .describe('Offer its tools to the whole swarm, as an agent of this name.'),
  callTimeoutMs: z.int().min(1).max(LIMITS.taskDuration.value).exactOptional()
}

/** Also what stands in config.yaml under `mcp.servers`. */
export const serverInit: z.ZodType<McpServerInit> = named(
  'McpServerInit',
  z.union([
    z.strictObject({
      command: text,
      args: z.array(z.string().max(4096)).max(128).exactOptional(),
      cwd: text.exactOptional(),
      env: z
        .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(4096))
        .exactOptional()
        .describe('`env:NAME`: a variable of the daemon; `file:PATH`: what a file holds.'),
      ...traits
    }),
    z.strictObject({
      url: z.url({ protocol: /^https?$/ }).max(2048),
      headerFile: text.exactOptional().describe('A file with lines `Name: value`.'),
      ...traits
    })
  ])
)

const summary = {
  name: z.string(),
  kind: z.enum(['stdio', 'http']),
  target: z.string().describe('Command line or URL.'),
  fixed: z.boolean().describe('It stands in the configuration, and can be removed only there.'),
  agent: z.boolean(),
  state: z.enum(['starting', 'ready', 'waiting', 'quarantined', 'stopped']),
  since: moment,
  restarts: count,
  tools: count,
  changed: count.describe('Tools that are held back, as they are not what was approved.'),
  reason: z.string().exactOptional().describe('Why it is not ready.'),
  server: z
    .strictObject({ name: z.string(), version: z.string(), protocol: z.string() })
    .exactOptional(),
  pid: count.exactOptional()
}

export const serverList: z.ZodType<api.McpServerList> = named(
  'McpServerList',
  z.strictObject({ v, servers: z.array(z.strictObject(summary)) })
)

const described = { name: z.string(), description: z.string() }

const offers = z.strictObject({
  tools: z.array(
    z.strictObject({
      id: z.string().describe('As agents know it; empty for one that is held back.'),
      ...described,
      effects: z.array(effect),
      inputSchema: jsonObject,
      changed: z.boolean()
    })
  ),
  resources: z.array(
    z.strictObject({ uri: z.string(), ...described, mediaType: z.string().exactOptional() })
  ),
  templates: z.array(z.strictObject({ uriTemplate: z.string(), ...described })),
  prompts: z.array(
    z.strictObject({
      ...described,
      arguments: z.array(z.strictObject({ ...described, required: z.boolean() }))
    })
  )
})

export const serverDocument: z.ZodType<api.McpServerDocument> = named(
  'McpServerDocument',
  z.strictObject({ v, server: z.strictObject({ ...summary, offers }) })
)

export const addRequest: z.ZodType<api.AddMcpServerRequest> = named(
  'AddMcpServerRequest',
  z.strictObject({ name: serverName, server: serverInit })
)

export const serverNameDocument: z.ZodType<api.McpServerName> = named(
  'McpServerName',
  z.strictObject({ v, name: z.string() })
)

export const resourceDocument: z.ZodType<api.McpResourceDocument> = named(
  'McpResourceDocument',
  z.strictObject({ v, server: z.string(), uri: z.string(), content: json })
)

export const promptRequest: z.ZodType<api.McpPromptRequest> = named(
  'McpPromptRequest',
  z.strictObject({ prompt: text, values: z.record(z.string(), z.string().max(65_536)) })
)

export const promptDocument: z.ZodType<api.McpPromptDocument> = named(
  'McpPromptDocument',
  z.strictObject({
    v,
    server: z.string(),
    prompt: z.string(),
    messages: z.array(z.strictObject({ role: z.string(), text: z.string() }))
  })
)
