/** Makes the tool calls of one answer, all at the same time, and tells of them while they run. */
import type { Artifact } from '../../core/a2a.ts'
import type { AgentStep } from '../../core/agent-step.ts'
import type { Clock } from '../../core/clock.ts'
import { isJsonObject } from '../../core/json.ts'
import type { Json } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { AgentOutput } from '../agent.ts'
import type { ToolResult } from '../tools/tool.ts'
import { readJson } from './json-text.ts'
import { filesIn } from './tool-files.ts'

/** A call as the model made it, under an id that is unique within the task. */
export interface PendingCall {
  readonly callId: string
  /** The model's own id, which its answer has to name. */
  readonly modelId: string
  readonly tool: string
  /** JSON text, perhaps broken. */
  readonly input: string
}

export type MakeCall = (call: PendingCall) => Promise<ToolResult>

/** The built-in tool that has other agents do something. */
const DELEGATE = 'delegate'

export interface ToolCallsInit {
  readonly clock: Clock
  readonly make: MakeCall
}

export interface ToolCalls {
  /** Told by the toolbox of what a tool says before its result. */
  readonly onText: (callId: string, text: string) => void
  /** Makes them and yields steps and artifacts; returns the results, in the order of `calls`. */
  run(calls: readonly PendingCall[]): AsyncGenerator<AgentOutput, readonly ToolResult[]>
}

export function createToolCalls({ clock, make }: ToolCallsInit): ToolCalls {
  const told = createQueue()

  async function one(call: PendingCall, begin: boolean): Promise<ToolResult> {
    const { callId, tool } = call
    if (!begin) return refused()
    const input = readInput(call.input)
    tell({ kind: 'tool-start', callId, tool, ...(input !== undefined && { input }) })
    const started = clock.monotonic()
    const result = await make(call)
    const tookMs = Math.round(clock.monotonic() - started)
    tell({ kind: 'tool-end', callId, tool, tookMs, ...endOf(result), ...whereOf(tool, result) })
    const artifact = artifactOf(tool, result)
    if (artifact !== undefined) told.push({ type: 'artifact', artifact })
    return result
  }

  function tell(step: AgentStep): void {
    told.push({ type: 'progress', text: '', step })
  }

  return {
    onText: (callId, text) => tell({ kind: 'tool-text', callId, text }),
    async *run(calls) {
      const most = LIMITS.llmToolCalls.value
      const all = Promise.all(calls.map((call, at) => one(call, at < most)))
      // Whatever ends first is told first; a rejection ends the queue and is thrown below.
      const end = (): void => told.end()
      all.then(end, end)
      yield* told.drain()
      return all
    }
  }
}

function refused(): ToolResult {
  const most = LIMITS.llmToolCalls.value
  const text = `Not done: at most ${most} tools can be called at once. Call it again.`
  return { type: 'failed', code: 'TOOL_BUSY', text }
}

type ToolEnd = Pick<Extract<AgentStep, { kind: 'tool-end' }>, 'ok' | 'output' | 'error' | 'node'>

function endOf(result: ToolResult): ToolEnd {
  if (result.type === 'done') {
    const { node } = result
    return { ok: true, output: shown(result), ...(node !== undefined && { node }) }
  }
  const { code, message } =
    result.type === 'ask'
      ? { code: 'TOOL_CONSENT', message: result.question }
      : { code: result.code, message: result.text }
  return { ok: false, error: { code, message: cut(message) } }
}

/** Only who had it done elsewhere can tell where. */
function whereOf(tool: string, result: ToolResult): { readonly node?: string } {
  if (tool !== DELEGATE || result.type !== 'done' || !isJsonObject(result.output)) return {}
  const { node } = result.output
  return typeof node === 'string' ? { node } : {}
}

function shown({ output, text }: Extract<ToolResult, { type: 'done' }>): Json {
  return text.length > LIMITS.stepOutputBytes.value ? cut(text) : output
}

function cut(text: string): string {
  const most = LIMITS.stepOutputBytes.value
  return text.length > most ? `${text.slice(0, most)}…` : text
}

/** As the model wrote it where it is no JSON, or too much to read along. */
function readInput(input: string): Json | undefined {
  if (input.length > LIMITS.stepOutputBytes.value) return cut(input)
  return readJson(input)?.value ?? (input === '' ? undefined : input)
}

function artifactOf(
  tool: string,
  result: ToolResult
): (Omit<Artifact, 'artifactId'> & { readonly artifactId?: string }) | undefined {
  const parts = filesIn(result)
  return parts.length === 0 ? undefined : { name: tool, parts }
}

/** Outputs that wait for their reader; words of one tool join, so that a slow one loses none. */
function createQueue() {
  let waiting: AgentOutput[] = []
  let wake: (() => void) | undefined
  let ended = false

  function changed(): void {
    wake?.()
    wake = undefined
  }

  return {
    push(output: AgentOutput): void {
      const joined = join(waiting.at(-1), output)
      if (joined === undefined) waiting.push(output)
      else waiting[waiting.length - 1] = joined
      changed()
    },
    end(): void {
      ended = true
      changed()
    },
    async *drain(): AsyncGenerator<AgentOutput, void> {
      for (;;) {
        const taken = waiting
        waiting = []
        yield* taken
        if (waiting.length > 0) continue
        if (ended) break
        // oxlint-disable-next-line no-await-in-loop -- until there is something to tell
        await new Promise<void>((resolve) => (wake = resolve))
      }
      ended = false
    }
  }
}

function join(last: AgentOutput | undefined, next: AgentOutput): AgentOutput | undefined {
  const before = stepOf(last)
  const step = stepOf(next)
  if (before?.kind !== 'tool-text' || step?.kind !== 'tool-text') return undefined
  if (before.callId !== step.callId) return undefined
  const { callId } = step
  const text = (before.text + step.text).slice(-LIMITS.llmTextBytes.value)
  return { type: 'progress', text: '', step: { kind: 'tool-text', callId, text } }
}

function stepOf(output: AgentOutput | undefined): AgentStep | undefined {
  return typeof output === 'object' && output.type === 'progress' ? output.step : undefined
}
