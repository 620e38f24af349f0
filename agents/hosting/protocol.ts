/**
 * What a node and the process of a hosted project say to each other: lines of JSON
 * (docs/protocols/hosted-agents.md is normative).
 */
import type { Message } from '../../core/a2a.ts'
import { asAttributes } from '../../core/attributes.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { isJsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Agent, AgentDefinition, AgentOutput, Resumption } from '../agent.ts'
import { defineAgent } from '../agent.ts'
import { parseCallLine, parseFailure, ProtocolFlaw, textOf } from './call-lines.ts'
import type { CallFailure, CallLine } from './call-lines.ts'

export const HOSTING_PROTOCOL = 1

/** An agent without what runs it: all that the node tells of it. */
export type HostedAgent = Omit<AgentDefinition, 'run' | 'stop'>

/** What the project is asked to do. */
export interface HostedRun {
  /** Unique in the life of the process. */
  readonly run: string
  readonly agent: string
  readonly task: string
  readonly context: string
  readonly caller: string
  readonly text: string
  readonly message: Message
  readonly history: readonly Message[]
  /** Milliseconds; `null` where there is no end. */
  readonly remainingMs: number | null
  readonly swarm?: string
  readonly resumed?: Resumption
  /** What the agent gave away with its last question of this task. */
  readonly state?: Json
  /** The models that stand for the node's default, and that of embeddings; absent where there is no place for any. */
  readonly models?: JsonObject
  /** Whether it may open toolboxes. */
  readonly toolbox?: boolean
  /** `Memory.corner` of this node; absent where it keeps no memory. */
  readonly corner?: string
  /** As whom this node writes, which stands with facts and messages; absent where it keeps no memory. */
  readonly writer?: string
}

export type NodeLine =
  /** `calls`: `call` is answered for all that agents inside the node are given. */
  | { readonly type: 'hello'; readonly protocol: number; readonly calls?: boolean }
  | ({ readonly type: 'run' } & HostedRun)
  | { readonly type: 'cancel'; readonly run: string; readonly reason: string }
  | CallLine
  | { readonly type: 'ping'; readonly n: number }
  | { readonly type: 'stop' }

export type ProjectLine =
  /** First of all; `heartbeat`: it answers `ping`. */
  | {
      readonly type: 'agents'
      readonly agents: readonly HostedAgent[]
      readonly heartbeat: boolean
    }
  /** There is nothing to host, and starting again would not change that. */
  | { readonly type: 'refused'; readonly reason: string }
  | {
      readonly type: 'output'
      readonly run: string
      /** Checked where it is used (output.ts). */
      readonly output: AgentOutput
      /** With a question: given back with its answer, and shown to nobody. */
      readonly state?: Json
    }
  | { readonly type: 'end'; readonly run: string; readonly error?: CallFailure }
  | { readonly type: 'alive'; readonly run: string }
  | CallLine
  | { readonly type: 'pong'; readonly n: number }

/**
 * One line of a project. `undefined` for what is no message (a program's own output), and for
 * messages of a kind that came later.
 *
 * @throws ProtocolFlaw
 */
export function parseProjectLine(line: string): ProjectLine | undefined {
  if (!line.startsWith('{')) return undefined
  const value = parsed(line)
  if (!isJsonObject(value)) return undefined
  switch (nameOf(value)) {
    case 'agents':
      return { type: 'agents', ...agentsOf(value) }
    case 'refused':
      return { type: 'refused', reason: textOf(value, 'reason') }
    case 'output':
      return outputOf(value)
    case 'end':
      return { type: 'end', run: textOf(value, 'run'), ...failureOf(value['error']) }
    case 'alive':
      return { type: 'alive', run: textOf(value, 'run') }
    case 'pong':
      return { type: 'pong', n: numberOf(value, 'n') }
    default:
      return parseCallLine(value)
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function nameOf({ type }: JsonObject): string {
  return typeof type === 'string' ? type : 'agent'
}

function numberOf(value: JsonObject, name: string): number {
  const number = value[name]
  if (typeof number === 'number') return number
  throw new ProtocolFlaw(`"${nameOf(value)}" without "${name}"`)
}

function outputOf(value: JsonObject): ProjectLine {
  const { output, state } = value
  if (output === undefined) throw new ProtocolFlaw('"output" without "output"')
  const run = textOf(value, 'run')
  return {
    type: 'output',
    run,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the run that reads it checks it, as of any agent (guarded-run.ts)
    output: output as AgentOutput,
    ...(state !== undefined && { state })
  }
}

function failureOf(error: Json | undefined): { error?: CallFailure } {
  return error === undefined || error === null ? {} : { error: parseFailure(error) }
}

function agentsOf(value: JsonObject): { agents: readonly HostedAgent[]; heartbeat: boolean } {
  const { agents, protocol, heartbeat } = value
  if (protocol !== HOSTING_PROTOCOL) {
    throw new ProtocolFlaw(
      `agents of protocol ${JSON.stringify(protocol)}, not ${HOSTING_PROTOCOL}`
    )
  }
  if (!Array.isArray(agents) || agents.length === 0) throw new ProtocolFlaw('no agents')
  const limit = LIMITS.cardsPerPeer.value
  if (agents.length > limit) throw new ProtocolFlaw(`more than ${limit} agents`)
  return { agents: agents.map(parseHostedAgent), heartbeat: heartbeat === true }
}

/**
 * A description of an agent that makes a card. What simple programs leave out is filled in.
 *
 * @throws ProtocolFlaw
 */
export function parseHostedAgent(value: unknown): HostedAgent {
  if (!isJsonObject(value)) throw new ProtocolFlaw('an agent that is no object')
  const id = textOf(value, 'id')
  const description = textOf(value, 'description')
  const { name, version, skills, inputModes, outputModes, timeouts, attributes, demands } = value
  const { idempotent, resumable, asksDefaultModel } = value
  const agent = {
    id,
    description,
    skills:
      skills === undefined ? [skillOf({ id, description })] : listOf(skills, 'skills').map(skillOf),
    ...(typeof name === 'string' && { name }),
    ...(typeof version === 'string' && { version }),
    ...(inputModes !== undefined && { inputModes: textsOf(inputModes, 'inputModes') }),
    ...(outputModes !== undefined && { outputModes: textsOf(outputModes, 'outputModes') }),
    ...(idempotent === true && { idempotent }),
    ...(resumable === true && { resumable }),
    ...(asksDefaultModel === true && { asksDefaultModel }),
    ...(isJsonObject(attributes) && { attributes: asAttributes(attributes) }),
    ...(demands !== undefined && { demands: textsOf(demands, 'demands') }),
    ...(isJsonObject(timeouts) && { timeouts })
  }
  const bytes = Buffer.byteLength(JSON.stringify(agent))
  const limit = LIMITS.hostDescriptionBytes.value
  if (bytes > limit)
    throw new ProtocolFlaw(`an agent whose description has ${bytes} bytes, not ${limit}`)
  checkDefinition(agent)
  return agent
}

function checkDefinition(agent: HostedAgent): void {
  try {
    defineAgent({ ...agent, async *run() {} })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new ProtocolFlaw(`an agent that is none: ${error.message}`)
  }
}

function skillOf(value: unknown): Agent['skills'][number] {
  if (!isJsonObject(value)) throw new ProtocolFlaw('a skill that is no object')
  const id = textOf(value, 'id')
  const { name, tags, examples, inputModes, outputModes, inputSchema, outputSchema } = value
  return {
    id,
    name: typeof name === 'string' ? name : id,
    description: textOf(value, 'description'),
    tags: tags === undefined ? ['hosted'] : textsOf(tags, 'tags'),
    ...(examples !== undefined && { examples: textsOf(examples, 'examples') }),
    ...(inputModes !== undefined && { inputModes: textsOf(inputModes, 'inputModes') }),
    ...(outputModes !== undefined && { outputModes: textsOf(outputModes, 'outputModes') }),
    ...(isJsonObject(inputSchema) && { inputSchema }),
    ...(isJsonObject(outputSchema) && { outputSchema })
  }
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new ProtocolFlaw(`"${name}" that is no list`)
}

function textsOf(value: unknown, name: string): string[] {
  return listOf(value, name).map((item) => {
    if (typeof item !== 'string') throw new ProtocolFlaw(`"${name}" with what is no text`)
    return item
  })
}
