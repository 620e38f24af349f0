/** Offers tools to the whole swarm, each as a skill with its schemas: no model is needed to use them. */
import { isJsonObject } from '../../core/json.ts'
import type { Agent, AgentDefinition, AgentOutput, AgentRequest } from '../agent.ts'
import { defineAgent, inputError } from '../agent.ts'
import { asTool } from './define-tool.ts'
import type { Tool, ToolContext } from './tool.ts'

export interface ToolAgentDefinition extends Pick<
  AgentDefinition,
  'id' | 'name' | 'description' | 'version' | 'idempotent' | 'timeouts'
> {
  /** Made with `tool(…)`, or with Mastra's `createTool`. */
  readonly tools: readonly object[]
}

/**
 * An agent whose skills are tools: `lumos agents call ID.TOOL '{"text": "…"}'` on any node. The skill
 * has the tool's id; with a single tool the data alone is enough. Its author's tools alone, so no
 * policy of the node stands before them.
 *
 * @throws TypeError for no tools, or what is none
 */
export function toolAgent({ tools: given, ...definition }: ToolAgentDefinition): Agent {
  const tools = given.map(asTool)
  return defineAgent({
    inputModes: ['application/json', 'text/plain'],
    outputModes: ['application/json'],
    ...definition,
    skills: tools.map(({ id, description, inputSchema, outputSchema }) => ({
      id,
      name: id,
      description,
      tags: ['tool'],
      inputSchema,
      ...(outputSchema && { outputSchema })
    })),
    run: (request) => run(definition.id, tools, request)
  })
}

async function* run(
  agent: string,
  tools: readonly Tool[],
  request: AgentRequest
): AsyncIterable<AgentOutput> {
  const wanted = tools.length === 1 ? tools[0] : tools.find(({ id }) => id === request.skill)
  if (wanted === undefined) {
    const ids = tools.map(({ id }) => id).join(', ')
    throw inputError(agent, `name one of its skills: ${ids}`)
  }
  const said: string[] = []
  const context: ToolContext = {
    ...request,
    callId: request.taskId,
    abortSignal: request.signal,
    say: (text) => void said.push(text)
  }
  const output = await wanted.execute(await wanted.parse(inputOf(agent, request)), context)
  for (const text of said) yield { type: 'progress', text }
  yield { type: 'artifact', artifact: { artifactId: 'result', parts: [{ data: output }] } }
}

/** The data of the message, or its text as JSON. */
function inputOf(agent: string, { message, text }: AgentRequest): unknown {
  const data = message.parts.map((part) => part.data).find(isJsonObject)
  if (data !== undefined) return data
  try {
    return JSON.parse(text)
  } catch {
    throw inputError(agent, 'it takes data: a JSON object')
  }
}
