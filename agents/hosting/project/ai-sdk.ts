/** Agents of the AI SDK (`ToolLoopAgent`, and whatever else implements its `Agent`). */
import type { Json } from '../../../core/json.ts'
import { isJsonObject } from '../../../core/json.ts'
import { asError, hasMethods, isShape, textIn } from './adapter.ts'
import type { ProjectAgent, ProjectOutput, ProjectRequest, Shape } from './adapter.ts'
import { approvalQuestion, readApproval } from './approval.ts'
import type { WantedCall } from './approval.ts'
import { describedAgent } from './described.ts'
import type { Parts } from './frameworks.ts'
import { asJson, asProgress, createToolSteps, modelOf } from './steps.ts'
import type { ToolSteps } from './steps.ts'

interface AiStream {
  /** AI SDK 7; before, it was called `fullStream`. */
  readonly stream?: AsyncIterable<Shape>
  readonly fullStream: AsyncIterable<Shape>
  readonly responseMessages?: PromiseLike<readonly unknown[]>
  readonly response: PromiseLike<{ readonly messages?: readonly unknown[] }>
}

interface AiAgent {
  readonly version: string
  readonly id?: string
  readonly tools?: Shape
  stream(options: object): Promise<AiStream>
}

interface Approval extends WantedCall {
  readonly approvalId: string
}

export function isAiAgent(value: Shape): value is Shape & AiAgent {
  return textIn(value['version']).startsWith('agent-v') && hasMethods(value, 'generate', 'stream')
}

export function fromAiSdk(agent: AiAgent, name: string, parts: Parts): ProjectAgent {
  const description = describedAgent({
    id: textIn(agent.id, name),
    framework: 'ai-sdk',
    ...(isShape(agent.tools) && { tools: agent.tools })
  })
  return { description, run: (request) => run(agent, request, parts) }
}

async function* run(
  agent: AiAgent,
  request: ProjectRequest,
  { clock }: Parts
): AsyncGenerator<ProjectOutput> {
  const messages = messagesOf(request)
  const result = await agent.stream({ messages, abortSignal: request.signal })
  const steps = createToolSteps(clock)
  const wanted: Approval[] = []
  let step = 0
  for await (const part of result.stream ?? result.fullStream) {
    if (part['type'] === 'text-delta') yield textIn(part['text'])
    else if (part['type'] === 'error') throw asError(part['error'])
    else if (part['type'] === 'finish-step') yield* usageOf(part, ++step)
    else if (part['type'] === 'tool-approval-request') wanted.push(...approvalOf(part))
    else yield* toolStep(part, steps)
  }
  request.signal.throwIfAborted()
  if (wanted.length === 0) return
  const said = await (result.responseMessages ??
    result.response.then((response) => response.messages ?? []))
  const approvals = wanted.map(({ approvalId }) => approvalId)
  yield approvalQuestion(wanted, asJson({ messages: [...messages, ...said], approvals }))
}

/** The SDK keeps nothing: a run that goes on is given all that was said. */
function messagesOf(request: ProjectRequest): readonly unknown[] {
  const { state } = request
  if (!isJsonObject(state)) return [{ role: 'user', content: request.text }]
  const { messages, approvals } = state
  const { approved, reason } = readApproval(request)
  const content = (Array.isArray(approvals) ? approvals : []).map((approvalId: Json) => ({
    type: 'tool-approval-response',
    approvalId,
    approved,
    ...(!approved && { reason })
  }))
  return [...(Array.isArray(messages) ? messages : []), { role: 'tool', content }]
}

/** One that the agent's own rules have decided is no question. */
function approvalOf(part: Shape): Approval[] {
  const { approvalId, toolCall, isAutomatic } = part
  if (isAutomatic === true || !isShape(toolCall)) return []
  const { toolName, input } = toolCall
  return [{ approvalId: textIn(approvalId), tool: textIn(toolName), input }]
}

function* toolStep(part: Shape, steps: ToolSteps): Generator<ProjectOutput> {
  const callId = textIn(part['toolCallId'])
  const tool = textIn(part['toolName'])
  if (part['type'] === 'tool-call') yield steps.start(callId, tool, part['input'])
  // While a tool still works its results are preliminary.
  else if (part['type'] === 'tool-result' && part['preliminary'] !== true) {
    yield steps.end({ callId, tool, output: part['output'] })
  } else if (part['type'] === 'tool-error') {
    yield steps.end({ callId, tool, output: part['error'], failed: true })
  }
}

function* usageOf(part: Shape, step: number): Generator<ProjectOutput> {
  const { usage } = part
  if (!isShape(usage)) return
  const { inputTokens, outputTokens } = usage
  if (typeof inputTokens !== 'number' || typeof outputTokens !== 'number') return
  const model = modelOf(part['response'], 'ai-sdk')
  yield asProgress({ kind: 'usage', step, model, inputTokens, outputTokens })
}
