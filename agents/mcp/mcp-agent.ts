/** Offers the tools of an MCP server to the whole swarm, as the skills of one agent. */
import type { Part } from '../../core/a2a.ts'
import { LumosError } from '../../core/errors.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { isJsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import { defineAgent, inputError, RESULT_ARTIFACT_ID } from '../agent.ts'
import type { Agent, AgentOutput, AgentRequest } from '../agent.ts'
import { cleanText } from './clean-text.ts'
import type { McpTool } from './listing.ts'
import { partsOf, textOfBlocks } from './results.ts'
import type { SupervisedServer } from './supervised-server.ts'

export interface McpAgentInit {
  readonly name: string
  /** Those that may be offered. */
  readonly tools: readonly McpTool[]
  readonly timeoutMs: number
}

/** A card travels to every peer: more than this nobody would read, and `find` looks into it anyway. */
const SKILLS = 48
const SUMMARY_LENGTH = 200
const FAILURE_LENGTH = 1000

/** `undefined` where there is nothing to offer. */
export function createMcpAgent(
  { supervised }: { readonly supervised: Pick<SupervisedServer, 'ask'> },
  { name, tools, timeoutMs }: McpAgentInit
): Agent | undefined {
  if (tools.length === 0) return undefined
  return defineAgent({
    id: name,
    description: `The tools of the MCP server "${name}": a message is a tool's name and its input as JSON.`,
    skills: tools.slice(0, SKILLS).map((each) => ({
      id: `${name}.${each.name}`,
      name: each.name,
      description: cleanText(each.description, SUMMARY_LENGTH),
      tags: ['mcp', name],
      examples: [exampleOf(each)]
    })),
    inputModes: ['text/plain', 'application/json'],
    outputModes: ['text/plain', 'application/json'],
    async *run(request) {
      const { tool, input } = orderOf(request, name, tools)
      yield* work(supervised, { request, tool, input, timeoutMs })
    }
  })
}

interface Work {
  readonly request: AgentRequest
  readonly tool: McpTool
  readonly input: JsonObject
  readonly timeoutMs: number
}

async function* work(
  supervised: Pick<SupervisedServer, 'ask'>,
  { request, tool, input, timeoutMs }: Work
): AsyncIterable<AgentOutput> {
  const said: string[] = []
  let wake = Promise.withResolvers<void>()
  const onProgress = (text: string): void => {
    // A server that talks faster than anybody reads loses words, not memory.
    if (said.length < LIMITS.mcpCallsInFlight.value) said.push(text)
    wake.resolve()
  }
  const call = { over: false }
  const result = supervised
    .ask({
      signal: request.signal,
      timeoutMs,
      use: (connection, signal) =>
        connection.callTool({ tool: tool.name, input, signal, onProgress })
    })
    .finally(() => {
      call.over = true
      wake.resolve()
    })
  // Whoever leaves early does not wait for it; the signal of the run ends it.
  result.catch(() => {})
  while (!call.over) {
    await wake.promise
    wake = Promise.withResolvers()
    for (const text of said.splice(0)) yield { type: 'progress', text }
  }
  const answer = await result
  if (answer.isError === true) {
    const reason = cleanText(textOfBlocks(answer.content), FAILURE_LENGTH)
    throw new LumosError('TOOL_FAILED', { details: { tool: tool.name, reason } })
  }
  yield { type: 'artifact', artifact: { artifactId: RESULT_ARTIFACT_ID, parts: partsOf(answer) } }
}

interface Order {
  readonly tool: McpTool
  readonly input: JsonObject
}

/** `{ "tool": NAME, "input": {…} }` as data, or in text: the name, then JSON or the one text that it needs. */
function orderOf(
  { message, text }: Pick<AgentRequest, 'message' | 'text'>,
  agent: string,
  tools: readonly McpTool[]
): Order {
  const named = (name: string): McpTool | undefined =>
    tools.find((each) => each.name === name || `${agent}.${each.name}` === name)
  const data = message.parts.map(({ data: each }: Part) => each).find(isJsonObject)
  const { tool: wanted, input: given = {} } = data ?? {}
  if (typeof wanted === 'string' && isJsonObject(given)) {
    const tool = named(wanted)
    if (tool !== undefined) return { tool, input: given }
  }
  const [, word = '', rest = ''] = /^\s*(\S+)\s*([^]*)$/.exec(text) ?? []
  const tool = named(word)
  if (tool !== undefined) return { tool, input: inputOf(agent, tool, rest.trim()) }
  const [only] = tools
  if (only !== undefined && tools.length === 1) {
    return { tool: only, input: inputOf(agent, only, text.trim()) }
  }
  const some = tools.slice(0, 20).map(({ name }) => name)
  throw inputError(agent, `begin with the name of a tool: ${some.join(', ')}`)
}

function inputOf(agent: string, { name, inputSchema }: McpTool, text: string): JsonObject {
  if (text === '') return {}
  const parsed = parse(text)
  if (isJsonObject(parsed)) return parsed
  const member = onlyText(inputSchema)
  if (member !== undefined) return { [member]: text }
  throw inputError(agent, `the input of ${name} is a JSON object`)
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The name of the text that is all a tool needs. */
function onlyText({ properties = {}, required }: JsonObject): string | undefined {
  if (!isJsonObject(properties)) return undefined
  const names = Array.isArray(required) ? required : Object.keys(properties)
  const [name] = names
  if (names.length !== 1 || typeof name !== 'string') return undefined
  const member = properties[name]
  return isJsonObject(member) && member['type'] === 'string' ? name : undefined
}

function exampleOf({ name, inputSchema }: McpTool): string {
  const member = onlyText(inputSchema)
  return member === undefined ? `${name} {}` : `${name} ${member.toUpperCase()}`
}
