/** What a working agent tells of its work besides text: tool calls, steps of a model, what they cost. */
import type { Json, JsonObject } from './json.ts'
import { isJsonObject } from './json.ts'

/**
 * One moment of an agent's work. Travels in the metadata of a status update's message (extension
 * `urn:lumos:a2a:ext:step:1`); a client that does not know it reads the message's text.
 */
export type AgentStep =
  | {
      readonly kind: 'tool-start'
      /** Joins it with its `tool-end`; unique within the task. */
      readonly callId: string
      readonly tool: string
      readonly input?: Json
    }
  | {
      readonly kind: 'tool-end'
      readonly callId: string
      readonly tool: string
      readonly ok: boolean
      /** Milliseconds. */
      readonly tookMs: number
      /** What came out, cut to a size fit for reading along; the agent itself has it whole. */
      readonly output?: Json
      /** Code and sentence of a call that failed. */
      readonly error?: { readonly code: string; readonly message: string }
      /** Name of the node that did it, when it was another one. */
      readonly node?: string
    }
  /** Text of an agent that a tool call has asked, as it arrives. */
  | { readonly kind: 'tool-text'; readonly callId: string; readonly text: string }
  | {
      readonly kind: 'step-end'
      /** From 1. */
      readonly step: number
      /** As the model says: `stop`, `tool_calls`, `length`, `content_filter`. */
      readonly finish: string
      readonly tookMs: number
    }
  | {
      readonly kind: 'usage'
      readonly step: number
      /** `provider/model`. */
      readonly model: string
      readonly inputTokens: number
      readonly outputTokens: number
      /** US dollars, where the price is known. */
      readonly cost?: number
    }
  /** Something failed that the agent goes on without: a model that the next one stands in for. */
  | { readonly kind: 'error'; readonly code: string; readonly message: string }

const NEEDED: ReadonlyMap<string, JsonObject> = new Map(
  Object.entries({
    'tool-start': { callId: 'string', tool: 'string' },
    'tool-end': { callId: 'string', tool: 'string', ok: 'boolean', tookMs: 'number' },
    'tool-text': { callId: 'string', text: 'string' },
    'step-end': { step: 'number', finish: 'string', tookMs: 'number' },
    usage: { step: 'number', model: 'string', inputTokens: 'number', outputTokens: 'number' },
    error: { code: 'string', message: 'string' }
  } satisfies Record<AgentStep['kind'], JsonObject>)
)

/** Types of the members that may be absent; those that are not named may hold any JSON. */
const OPTIONAL: JsonObject = { node: 'string', cost: 'number', error: 'object' }

/** What somebody else sent as a step; `undefined` for what is none, or of a kind that came later. */
export function asAgentStep(value: unknown): AgentStep | undefined {
  return isJsonObject(value) && isStep(value) ? value : undefined
}

function isStep(value: JsonObject): value is JsonObject & AgentStep {
  const { kind } = value
  const needed = typeof kind === 'string' ? NEEDED.get(kind) : undefined
  return (
    needed !== undefined &&
    Object.entries(needed).every(([name, type]) => typeof value[name] === type) &&
    Object.entries(OPTIONAL).every(
      ([name, type]) => value[name] === undefined || typeof value[name] === type
    )
  )
}
