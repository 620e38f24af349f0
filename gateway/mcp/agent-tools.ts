/** The agents of the swarm as tools of MCP: one for each agent, whatever number of nodes have it. */
import { cleanText } from '../../agents/mcp/clean-text.ts'
import type { AgentSummary } from '../../client/api.ts'
import type { AgentSkill } from '../../core/a2a.ts'
import type { JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'

/** As `tools/list` tells it. */
export interface ServedTool {
  readonly name: string
  readonly title?: string
  readonly description: string
  readonly inputSchema: JsonObject & { readonly type: 'object' }
  readonly annotations: {
    readonly readOnlyHint?: boolean
    readonly openWorldHint?: boolean
    readonly idempotentHint?: boolean
  }
}

/** No agent can have such a name: theirs have no underscore. */
export const FIND_TOOL = 'find_agents'
export const ANSWER_TOOL = 'answer_task'

/** Of one agent: more than this is no description any more. */
const SKILLS = 12
const EXAMPLES = 4
const NODES = 8

const FIND: ServedTool = {
  name: FIND_TOOL,
  title: 'Find agents',
  description:
    'Finds agents of the swarm by what they can do: a skill, a tag, or words. Every agent that it names can be called as the tool of that name.',
  inputSchema: {
    type: 'object',
    properties: {
      query: { type: 'string', description: 'Skill, tag, agent or words.' },
      wide: {
        type: 'boolean',
        description: 'Ask the whole network, not only what this node knows.',
        default: false
      }
    },
    required: ['query'],
    additionalProperties: false
  },
  annotations: { readOnlyHint: true, openWorldHint: false }
}

const ANSWER: ServedTool = {
  name: ANSWER_TOOL,
  title: 'Answer a task',
  description:
    'Gives a task that waits for input what its agent asked for, and returns what the agent then says.',
  inputSchema: {
    type: 'object',
    properties: {
      task: { type: 'string', description: 'Id of the task, as the question named it.' },
      text: { type: 'string', description: 'The answer.' }
    },
    required: ['task', 'text'],
    additionalProperties: false
  },
  annotations: { openWorldHint: true }
}

/** In the order of their names; {@link LIMITS.mcpToolsServed} at most, and the two that are always there. */
export function servedTools(agents: readonly AgentSummary[]): ServedTool[] {
  const byId = Map.groupBy(agents, ({ id }) => id)
  const tools = [...byId]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .slice(0, LIMITS.mcpToolsServed.value)
    .map(([id, same]) => agentTool(id, same))
  return [FIND, ANSWER, ...tools]
}

function agentTool(id: string, same: readonly AgentSummary[]): ServedTool {
  // What stands on this node's own card is told rather than what a peer says of its own.
  const told = same.find(({ local }) => local) ?? same[0]
  const nodes = [...new Set(same.map(({ node }) => node.name || node.id))]
  return {
    name: id,
    ...(told && told.name !== id && { title: cleanText(told.name, LIMITS.idLength.value) }),
    description: cleanText(
      [
        told?.description ?? '',
        ...(told?.skills ?? []).slice(0, SKILLS).map(skillLine),
        ...exampleLines(told?.skills ?? []),
        `An agent of the swarm, on: ${listed(nodes, NODES)}.`
      ].join('\n')
    ),
    inputSchema: {
      type: 'object',
      properties: {
        message: { type: 'string', description: 'What the agent is to do, in its own words.' },
        node: {
          type: 'string',
          description: 'Name of the node that is to do it; by default the best one that has it.'
        },
        context: {
          type: 'string',
          description:
            'A name for the conversation: a later call with the same one goes on with it.'
        },
        timeout_seconds: { type: 'integer', minimum: 1, description: 'Give up after so long.' }
      },
      required: ['message'],
      additionalProperties: false
    },
    annotations: { openWorldHint: true }
  }
}

function skillLine({ name, description }: AgentSkill): string {
  return description === '' ? `- ${name}` : `- ${name}: ${description}`
}

function exampleLines(skills: readonly AgentSkill[]): string[] {
  const examples = skills.flatMap(({ examples: each = [] }) => each).slice(0, EXAMPLES)
  return examples.length === 0
    ? []
    : [`For example: ${examples.map((each) => JSON.stringify(each)).join(', ')}`]
}

function listed(names: readonly string[], most: number): string {
  const rest = names.length - most
  return rest > 0 ? `${names.slice(0, most).join(', ')} and ${rest} more nodes` : names.join(', ')
}
