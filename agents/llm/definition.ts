/** What people write to make an agent of a language model, and what of the request it may depend on. */
import type { AgentSkill } from '../../core/a2a.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import type { AgentDefinition } from '../agent.ts'
import type { ModelCall } from '../models/model.ts'
import type { StandardSchema } from '../tools/standard-schema.ts'

/**
 * What instructions, models and tools may be chosen by. Nothing that the caller wrote is in it, so
 * that no text of a peer gets into a system prompt by mistake; `thread` and `resource` are names that
 * the caller may have chosen.
 */
export interface LlmContext {
  readonly caller: PeerIdText
  readonly taskId: string
  readonly contextId: string
  readonly swarm: string | undefined
  /** The conversation, and whose it is. */
  readonly thread: string
  readonly resource: string
}

export type Dynamic<T> = T | ((context: LlmContext) => T | Promise<T>)

/** Beyond any of them the run fails with AGENT_BUDGET; what is absent has no bound but `steps`. */
export interface LlmLimits {
  /** Answers of a model in one task, default `llmSteps` (docs/limits.md). */
  readonly steps?: number
  readonly inputTokens?: number
  readonly outputTokens?: number
  /** US dollars; a model without a known price costs nothing. */
  readonly cost?: number
}

export interface LlmMemory {
  /** Default `shared`. In any other, callers reach only threads of their own. */
  readonly space?: string
  /** Which conversation a task belongs to; default: `thread` of the message's metadata, else its context. */
  readonly thread?: (context: LlmContext) => string
  /** Whose it is; default: in `shared`, `resource` of the message's metadata; else the caller. */
  readonly resource?: (context: LlmContext) => string
  /** So many messages are read at most; default and most `llmHistoryMessages`. */
  readonly lastMessages?: number
  /** Of earlier turns at most so many tokens are sent again; default `llmHistoryTokens`. */
  readonly historyTokens?: number
  /** Whether what does not fit any more is summarised by the model; default true. */
  readonly summary?: boolean
  /** A note for each resource that the model keeps up to date; default false. */
  readonly workingMemory?: boolean
  /** Earlier messages of the thread that mean about the same, when there is an embedding model; default 4. */
  readonly recall?: number
}

/** Sampling and effort, as OpenAI's chat completions call them. */
export type LlmSettings = Partial<
  Pick<
    ModelCall,
    | 'temperature'
    | 'top_p'
    | 'max_tokens'
    | 'max_completion_tokens'
    | 'reasoning_effort'
    | 'tool_choice'
    | 'parallel_tool_calls'
    | 'seed'
    | 'stop'
  >
>

export interface LlmAgentDefinition extends Omit<
  AgentDefinition,
  'skills' | 'run' | 'resumable' | 'asksDefaultModel' | 'takesChats'
> {
  /** Default: one of the agent's own id and description. */
  readonly skills?: readonly AgentSkill[]
  /** The system prompt. */
  readonly instructions: Dynamic<string>
  /** As `lumos model ls` shows it; of several, each stands in for those before it. Default: the node's. */
  readonly model?: Dynamic<string | readonly string[]>
  /** Names of the node's tools, and tools of this agent alone (`tool(…)`, `createTool(…)` of Mastra). */
  readonly tools?: Dynamic<readonly (string | object)[]>
  /** The answer is then data of this form: JSON Schema, or a schema of zod, valibot, arktype. */
  readonly output?: StandardSchema | JsonObject
  readonly settings?: LlmSettings
  /** Conversations that go on with the next task of the same thread; default false. */
  readonly memory?: boolean | LlmMemory
  readonly limits?: LlmLimits
}

/** Resolves what may depend on the request. */
export async function resolveFor<T>(value: Dynamic<T>, context: LlmContext): Promise<T> {
  return isChosen(value) ? value(context) : value
}

function isChosen<T>(value: Dynamic<T>): value is (context: LlmContext) => T | Promise<T> {
  return typeof value === 'function'
}
