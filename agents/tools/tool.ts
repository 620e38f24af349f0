/** What a tool is: people write it with `tool(…)`, or bring an object that Mastra's `createTool` made. */
import type { Json, JsonObject } from '../../core/json.ts'
import type { AgentRequest } from '../agent.ts'

/** What a call can do besides returning a value; a tool that declares nothing has none of them. */
export type ToolEffect = 'read-private' | 'network' | 'write' | 'execute'

/** What a running tool is given: of the task only what it needs. */
export interface ToolContext extends Pick<
  AgentRequest,
  'taskId' | 'contextId' | 'caller' | 'log' | 'ask' | 'memory' | 'remainingMs'
> {
  readonly callId: string
  /** Aborts when the task is cancelled or the call is out of time. */
  readonly signal: AbortSignal
  /** The same, under the name that Mastra's tools know. */
  readonly abortSignal: AbortSignal
  /** Text on the way to the result, for those who watch the task. */
  readonly say: (text: string) => void
}

/** A tool as the node uses it, whatever it was made of. */
export interface Tool {
  /** As models take it: letters, digits, `_` and `-`, at most 64. */
  readonly id: string
  readonly version: string
  readonly description: string
  readonly effects: readonly ToolEffect[]
  /** JSON Schema of the input, an object. */
  readonly inputSchema: JsonObject
  readonly outputSchema?: JsonObject
  /** What comes out was written by strangers (a page, a peer, a server): data, never instructions. */
  readonly untrusted: boolean
  /** What goes in can be read outside this node, or by other nodes: where secrets must not go. */
  readonly egress: boolean
  /** Its author wants a person asked before every call, unless a rule names the tool. */
  readonly asks: boolean
  /** Milliseconds one call may take; `toolTimeout` (docs/limits.md) without it. */
  readonly timeoutMs?: number
  /** Calls at the same time; `toolConcurrency` without it. */
  readonly concurrency?: number
  /** Calls a minute; `toolRate` without it, for a tool that has an effect. */
  readonly rate?: number
  /** What has its own limits in common with it, where a tool is another object in each run. */
  readonly limitedAs?: object
  /** The tools that a chain is made of: what is denied of them is denied of it. */
  readonly parts?: readonly Tool[]
  /**
   * The input checked and completed; schemas may be asynchronous.
   *
   * @throws TOOL_INPUT, whose message a model can act upon
   */
  parse(input: unknown): Promise<unknown>
  /**
   * With input that {@link parse} gave.
   *
   * @throws TOOL_OUTPUT for what is no JSON or does not fit the schema; whatever the tool throws
   */
  execute(input: unknown, context: ToolContext): Promise<Json>
}

/** The tools of one run of an agent: policy, limits and taint stand between the model and them. */
export interface Toolbox {
  readonly tools: readonly Tool[]
  /**
   * What was allowed and what was seen so far. Opaque to agents, who keep it with a question or a
   * conversation and hand it to the toolbox of the run that goes on ({@link ToolboxInit}).
   */
  state(): JsonObject
  /** Never rejects for what the tool did; only for the end of the run. */
  call(call: ToolCall, signal: AbortSignal): Promise<ToolResult>
}

export interface ToolCall {
  readonly callId: string
  readonly tool: string
  /** As the model wrote it: JSON text, perhaps broken. */
  readonly input: string
}

export type ToolResult =
  | {
      readonly type: 'done'
      readonly output: Json
      /** Name of the node whose agent did it, when the tool has asked one elsewhere. */
      readonly node?: string
      /** For the model: cut to `toolTextBytes` (docs/limits.md); what strangers wrote is marked as data. */
      readonly text: string
    }
  | { readonly type: 'failed'; readonly code: string; readonly text: string }
  /** A person has to allow it first (`lumos tasks answer`): the run ends with this question. */
  | { readonly type: 'ask'; readonly question: string }

/** What an agent wants to have for one run of it. */
export interface ToolboxInit {
  /**
   * Names of this node's tools (`*` is all of them that may be used without asking for them by
   * name), and tools that the agent brings along, also such that Mastra's `createTool` made.
   */
  readonly tools: readonly (string | object)[]
  /** Told what a tool says before its result (`ToolContext.say`). */
  readonly onText: (callId: string, text: string) => void
  /** The run before ended with the question of a call (`ask`); the same call will be made again. */
  readonly answered?: ToolboxAnswer
  /** States of earlier turns whose text the model reads again: what they had seen still counts. */
  readonly seen?: readonly JsonObject[]
}

export interface ToolboxAnswer {
  /** What {@link Toolbox.state} was when the question was asked. */
  readonly state: JsonObject
  readonly callId: string
  /** What the person said, word for word. */
  readonly text: string
}

/** @throws TOOL_UNKNOWN for a name that no tool has */
export type OpenToolbox = (init: ToolboxInit) => Promise<Toolbox>
