/** Agents of the OpenAI Agents SDK, run by the project's own copy of it. */
import { hasMethods, isShape, textIn } from './adapter.ts'
import type { ProjectAgent, ProjectOutput, ProjectRequest, Shape } from './adapter.ts'
import { approvalQuestion, readApproval } from './approval.ts'
import { describedAgent } from './described.ts'
import type { Parts } from './frameworks.ts'
import { createToolSteps } from './steps.ts'
import type { ToolSteps } from './steps.ts'

const PACKAGE = '@openai/agents'

interface OpenAiAgent {
  readonly name: string
  readonly handoffDescription?: string
  readonly tools: readonly Shape[]
}

interface Interruption {
  readonly rawItem: Shape
}

interface RunState {
  getInterruptions(): readonly Interruption[]
  approve(item: Interruption): void
  reject(item: Interruption, options: { readonly message: string }): void
  toString(): string
}

interface StreamedRun extends AsyncIterable<Shape> {
  readonly completed: Promise<void>
  readonly interruptions?: readonly Interruption[]
  readonly finalOutput?: unknown
  readonly state: RunState
}

interface Sdk {
  readonly Runner: new () => {
    run(agent: OpenAiAgent, input: string | RunState, options: object): Promise<StreamedRun>
  }
  readonly RunState: { fromString(agent: OpenAiAgent, text: string): Promise<RunState> }
}

export function isOpenAiAgent(value: Shape): value is Shape & OpenAiAgent {
  return (
    typeof value['name'] === 'string' &&
    Array.isArray(value['handoffs']) &&
    Array.isArray(value['tools']) &&
    hasMethods(value, 'asTool', 'getSystemPrompt')
  )
}

export function fromOpenAiAgents(agent: OpenAiAgent, parts: Parts): ProjectAgent {
  const tools = agent.tools.filter(isShape).map((tool) => [textIn(tool['name']), tool] as const)
  const description = describedAgent({
    id: agent.name,
    name: agent.name,
    framework: 'openai-agents',
    ...(agent.handoffDescription && { description: agent.handoffDescription }),
    tools: Object.fromEntries(tools)
  })
  return { description, run: (request) => run(agent, request, parts) }
}

async function* run(
  agent: OpenAiAgent,
  request: ProjectRequest,
  { clock, importPackage }: Parts
): AsyncGenerator<ProjectOutput> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its public exports since 0.1
  const sdk = (await importPackage(PACKAGE)) as unknown as Sdk
  const { signal } = request
  const input = await inputOf(sdk, agent, request)
  const result = await new sdk.Runner().run(agent, input, { stream: true, signal })
  const steps = createToolSteps(clock)
  let said = false
  for await (const event of result) {
    for (const output of outputsOf(event, steps)) {
      said ||= typeof output === 'string'
      yield output
    }
  }
  await result.completed
  signal.throwIfAborted()
  const { interruptions = [], state, finalOutput } = result
  if (interruptions.length > 0) {
    const wanted = interruptions.map(({ rawItem }) => ({
      tool: textIn(rawItem['name']),
      input: argumentsOf(rawItem)
    }))
    yield approvalQuestion(wanted, state.toString())
  } else if (!said && finalOutput !== undefined) {
    // Structured output comes at the end only.
    yield typeof finalOutput === 'string' ? finalOutput : JSON.stringify(finalOutput)
  }
}

async function inputOf(
  { RunState }: Sdk,
  agent: OpenAiAgent,
  request: ProjectRequest
): Promise<string | RunState> {
  if (typeof request.state !== 'string') return request.text
  const state = await RunState.fromString(agent, request.state)
  const { approved, reason } = readApproval(request)
  for (const item of state.getInterruptions()) {
    if (approved) state.approve(item)
    else state.reject(item, { message: `The user declined: ${reason}` })
  }
  return state
}

function* outputsOf(event: Shape, steps: ToolSteps): Generator<ProjectOutput> {
  const { type, data, item, name } = event
  if (type === 'raw_model_stream_event' && isShape(data)) {
    if (data['type'] === 'output_text_delta') yield textIn(data['delta'])
    return
  }
  const raw = isShape(item) ? item['rawItem'] : undefined
  if (type !== 'run_item_stream_event' || !isShape(item) || !isShape(raw)) return
  const callId = textIn(raw['callId'], textIn(raw['id']))
  const tool = textIn(raw['name'])
  if (name === 'tool_called') yield steps.start(callId, tool, argumentsOf(raw))
  else if (name === 'tool_output') yield steps.end({ callId, tool, output: item['output'] })
}

function argumentsOf(raw: Shape): unknown {
  const text = raw['arguments']
  if (typeof text !== 'string') return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
