/** Agents of Mastra 1.x: their own `stream`, with thread and resource, and what they wait for. */
import type { Json } from '../../../core/json.ts'
import { isJsonObject } from '../../../core/json.ts'
import { partyOf } from '../../../core/party.ts'
import { asError, hasMethods, textIn } from './adapter.ts'
import type { ProjectAgent, ProjectOutput, ProjectRequest, Shape } from './adapter.ts'
import { approvalQuestion, openQuestion, readAnswer, readApproval } from './approval.ts'
import { describedAgent } from './described.ts'
import type { Parts } from './frameworks.ts'
import { asProgress, createToolSteps, modelOf } from './steps.ts'

interface MastraStream {
  readonly runId: string
  readonly fullStream: AsyncIterable<{ readonly type: string; readonly payload: Shape }>
}

interface MastraAgent {
  readonly id: string
  readonly name: string
  getDescription(): string
  hasOwnMemory(): boolean
  listTools(): Promise<Shape>
  stream(text: string, options: object): Promise<MastraStream>
  resumeStream(data: unknown, options: object): Promise<MastraStream>
  approveToolCall(options: object): Promise<MastraStream>
  declineToolCall(options: object): Promise<MastraStream>
}

export function isMastraAgent(value: Shape): value is Shape & MastraAgent {
  return hasMethods(value, 'stream', 'resumeStream', 'listTools', 'getDescription', 'hasOwnMemory')
}

/** An instance of `Mastra`: its agents by key. */
export function agentsOfMastra(value: Shape): readonly unknown[] | undefined {
  if (!hasMethods(value, 'listAgents', 'getAgent')) return undefined
  const { listAgents } = value
  const agents: unknown =
    typeof listAgents === 'function' ? Reflect.apply(listAgents, value, []) : {}
  return Object.values(agents ?? {})
}

export async function fromMastra(agent: MastraAgent, parts: Parts): Promise<ProjectAgent> {
  const description = describedAgent({
    id: agent.id,
    name: agent.name,
    description: agent.getDescription(),
    framework: 'mastra',
    tools: await toolsOf(agent)
  })
  return { description, run: (request) => run(agent, request, parts) }
}

/** Tools may be a function of what only a call knows. */
async function toolsOf(agent: MastraAgent): Promise<Shape> {
  try {
    return await agent.listTools()
  } catch {
    return {}
  }
}

async function* run(
  agent: MastraAgent,
  request: ProjectRequest,
  { clock }: Parts
): AsyncGenerator<ProjectOutput> {
  const stream = await begin(agent, request)
  const steps = createToolSteps(clock)
  let question: ProjectOutput | undefined
  let failure: unknown
  let step = 0
  // To its very end even after a question: only then is the run that waits in Mastra's storage.
  for await (const { type, payload } of stream.fullStream) {
    const callId = textIn(payload['toolCallId'])
    const tool = textIn(payload['toolName'])
    if (type === 'text-delta') yield textIn(payload['text'])
    else if (type === 'tool-call') yield steps.start(callId, tool, payload['args'])
    else if (type === 'tool-result') {
      yield steps.end({
        callId,
        tool,
        output: payload['result'],
        failed: payload['isError'] === true
      })
    } else if (type === 'tool-error') {
      yield steps.end({ callId, tool, output: payload['error'], failed: true })
    } else if (type === 'tool-call-approval') {
      const state = { runId: stream.runId, toolCallId: callId, kind: 'approval' }
      question ??= approvalQuestion([{ tool, input: payload['args'] }], state)
    } else if (type === 'tool-call-suspended') {
      const state = { runId: stream.runId, toolCallId: callId, kind: 'suspended' }
      question ??= openQuestion(payload['suspendPayload'] ?? payload['args'], state)
    } else if (type === 'step-finish') yield* usageOf(payload, ++step)
    else if (type === 'error') failure = payload['error'] ?? new Error('the agent failed')
  }
  request.signal.throwIfAborted()
  if (failure !== undefined) throw asError(failure)
  if (question !== undefined) yield question
}

function begin(agent: MastraAgent, request: ProjectRequest): Promise<MastraStream> {
  const { contextId, caller, signal, state } = request
  const party = partyOf(request.message)
  const resource = party === undefined ? caller : `${caller}/${party}`
  const memory = agent.hasOwnMemory() && { memory: { thread: contextId, resource } }
  const options = { abortSignal: signal, ...memory }
  if (!isJsonObject(state)) return agent.stream(request.text, options)
  const { kind, runId, toolCallId } = state
  const resumed = { ...options, runId, toolCallId }
  if (kind === 'suspended') return agent.resumeStream(resumeData(request), resumed)
  const { approved, reason } = readApproval(request)
  return approved ? agent.approveToolCall(resumed) : agent.declineToolCall({ ...resumed, reason })
}

/** `resumeSchema` is an object; a person who answers with a text means its most usual field. */
function resumeData(request: ProjectRequest): Json {
  const answer = readAnswer(request)
  return typeof answer === 'string' ? { answer, approved: readApproval(request).approved } : answer
}

function* usageOf(payload: Shape, step: number): Generator<ProjectOutput> {
  const output = payload['output']
  const usage = isJsonObject(output) ? output['usage'] : undefined
  if (!isJsonObject(usage)) return
  const { inputTokens, outputTokens } = usage
  if (typeof inputTokens !== 'number' || typeof outputTokens !== 'number') return
  const model = modelOf(payload['response'], 'mastra')
  yield asProgress({ kind: 'usage', step, model, inputTokens, outputTokens })
}
