/** What a working agent tells of its work besides text: tool calls, steps of a model, what they cost. */
import type { Json } from './json.ts'

/**
 * One moment of an agent's work. Travels as a data part of a status update (extension
 * `urn:lumos:a2a:ext:step:1`); a client that does not know it reads the text beside it.
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
