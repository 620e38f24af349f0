/** Tells of the tool calls of a framework's agent in the words of the node. */
import type { AgentStep } from '../../../core/agent-step.ts'
import type { Clock } from '../../../core/clock.ts'
import type { Json } from '../../../core/json.ts'
import type { AgentOutput } from '../../agent.ts'
import { isShape, textIn } from './adapter.ts'

/** Characters of JSON that those who read along are shown of an input or a result. */
const BRIEF = 2000

export interface ToolSteps {
  start(callId: string, tool: string, input: unknown): AgentOutput
  /** Of a call that may have begun in an earlier run: then it took no time that is known. */
  end(call: ToolCallEnd): AgentOutput
}

export interface ToolCallEnd {
  readonly callId: string
  readonly tool: string
  readonly output: unknown
  readonly failed?: boolean
}

export function createToolSteps(clock: Pick<Clock, 'monotonic'>): ToolSteps {
  const begun = new Map<string, number>()
  return {
    start(callId, tool, input) {
      begun.set(callId, clock.monotonic())
      return asProgress({ kind: 'tool-start', callId, tool, input: brief(input) })
    },
    end({ callId, tool, output, failed = false }) {
      const tookMs = Math.round(clock.monotonic() - (begun.get(callId) ?? clock.monotonic()))
      begun.delete(callId)
      const result = failed
        ? { error: { code: 'TOOL_FAILED', message: shortText(output) } }
        : { output: brief(output) }
      return asProgress({ kind: 'tool-end', callId, tool, ok: !failed, tookMs, ...result })
    }
  }
}

export function asProgress(step: AgentStep): AgentOutput {
  return { type: 'progress', text: '', step }
}

/** The model as its answer names it; frameworks do not tell its provider. */
export function modelOf(response: unknown, framework: string): string {
  const fields = isShape(response) ? response : {}
  return `${framework}/${textIn(fields['modelId'], 'unknown')}`
}

/** The value as JSON, or the beginning of its text when it is long, or none at all. */
export function brief(value: unknown): Json {
  const text = jsonText(value)
  if (text === undefined) return null
  return text.length <= BRIEF ? asJson(value) : `${text.slice(0, BRIEF)}…`
}

/** The value as JSON has it; `null` for what no JSON can hold. */
export function asJson(value: unknown): Json {
  const json: Json = JSON.parse(jsonText(value) ?? 'null')
  return json
}

/** `undefined` for what no JSON can hold. */
export function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

function shortText(value: unknown): string {
  const text =
    value instanceof Error ? value.message : typeof value === 'string' ? value : jsonText(value)
  return (text ?? '').slice(0, BRIEF)
}
