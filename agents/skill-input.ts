/** Holds data against the schema of the skill that it is for, before an agent sees it. */
import type { Message, Part } from '../core/a2a.ts'
import type { JsonObject } from '../core/json.ts'
import type { Agent, AgentDefinition, AgentOutput, AgentRequest, SkillDefinition } from './agent.ts'
import { inputError } from './agent.ts'
import { createJsonSchemaCheck, type JsonSchemaCheck } from './tools/json-schema.ts'
import { looseSchema } from './tools/loose-schema.ts'
import { issuesText } from './tools/standard-schema.ts'

/** Compiling a schema costs a hundred times what checking by it does. */
const checks = new WeakMap<JsonObject, JsonSchemaCheck>()

/**
 * The agent, behind a check of the message's data when its skill declares what it takes: the one
 * that is wanted, else the only one. Text is for the agent itself to understand.
 */
export function withCheckedInput<A extends CheckedAgent>(
  agent: A,
  request: Pick<AgentRequest, 'message' | 'skill'>
): A {
  const { inputSchema } = skillFor(agent, request.skill) ?? {}
  const hasData = request.message.parts.some(({ data }) => data !== undefined)
  if (inputSchema === undefined || !hasData) return agent
  return { ...agent, run: (given: AgentRequest) => runChecked(agent, inputSchema, given) }
}

type CheckedAgent = Pick<AgentDefinition, 'id' | 'skills' | 'run'> & Pick<Agent, 'foreignSchemas'>

function skillFor(
  { skills }: CheckedAgent,
  wanted: string | undefined
): SkillDefinition | undefined {
  if (wanted !== undefined) return skills.find(({ id }) => id === wanted)
  return skills.length === 1 ? skills[0] : undefined
}

async function* runChecked(
  agent: CheckedAgent,
  schema: JsonObject,
  request: AgentRequest
): AsyncIterable<AgentOutput> {
  const { message } = request
  const parts = await Promise.all(message.parts.map((part) => checked(agent, schema, part)))
  const whole: Message = { ...message, parts }
  const history = request.history.map((each) => (each === message ? whole : each))
  yield* agent.run({ ...request, message: whole, history })
}

async function checked(agent: CheckedAgent, schema: JsonObject, part: Part): Promise<Part> {
  if (part.data === undefined) return part
  let check = checks.get(schema)
  if (check === undefined) {
    check = createJsonSchemaCheck(agent.foreignSchemas === true ? looseSchema(schema) : schema)
    checks.set(schema, check)
  }
  // Defaults are written into what is checked, and others hold this message, too.
  const data = structuredClone(part.data)
  const { issues } = await check(data)
  if (issues === undefined) return { ...part, data }
  throw inputError(agent.id, issuesText(issues))
}
