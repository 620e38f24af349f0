/** What a node gives to a run of an LLM agent, for tests of agents without a node around them. */
import { onTestFinished } from 'vitest'
import type { Agent, AgentOutput, AgentRequest } from '../../agents/agent.ts'
import type { LlmAgentDefinition } from '../../agents/llm/definition.ts'
import { llmAgent } from '../../agents/llm/llm-agent.ts'
import type { Model, ModelPrice, Models } from '../../agents/models/model.ts'
import { createModelProvider } from '../../agents/models/openai-provider.ts'
import { createModelTransport } from '../../agents/models/transport.ts'
import { textOf } from '../../core/a2a.ts'
import type { Message, Part } from '../../core/a2a.ts'
import type { AgentStep } from '../../core/agent-step.ts'
import { LumosError } from '../../core/errors.ts'
import { silentLogger } from '../../core/logger.ts'
import type { Memory } from '../../core/memory.ts'
import { noMemory } from './agent-runner.ts'
import { ManualClock } from './manual-clock.ts'
import { startModelServer } from './model-server.ts'
import type { ModelReply, ModelServer, ModelServerOptions } from './model-server.ts'
import { seededRandom } from './random.ts'
import { createToolNode, SELF } from './toolbox.ts'

export interface LlmNodeOptions extends ModelServerOptions {
  readonly memory?: Memory
  readonly price?: ModelPrice
  readonly tools?: Parameters<typeof createToolNode>[0]
  /** Beside `test/test-model`: names of models that lead to other servers. */
  readonly others?: Readonly<Record<string, string>>
  readonly embedding?: boolean
}

export interface Asked {
  readonly message?: Partial<Message>
  readonly history?: readonly Message[]
  readonly request?: Partial<AgentRequest>
  readonly signal?: AbortSignal
}

export interface LlmNode {
  readonly server: ModelServer
  readonly clock: ManualClock
  readonly models: Models
  run(agent: Agent, input: string | readonly Part[], asked?: Asked): AsyncIterable<AgentOutput>
  /** Runs to the end. */
  outputs(agent: Agent, input: string | readonly Part[], asked?: Asked): Promise<AgentOutput[]>
  text(agent: Agent, input: string | readonly Part[], asked?: Asked): Promise<string>
  /** An agent with a body of its own; `instructions` default to a sentence. */
  agent(definition?: Partial<LlmAgentDefinition>): Agent
}

/** Everything is closed when the test ends. */
export async function startLlmNode(options: LlmNodeOptions = {}): Promise<LlmNode> {
  const { memory = noMemory(), price, tools = [], others = {}, embedding, ...server } = options
  const models = await startModelServer(server)
  onTestFinished(() => models.stop())
  const clock = new ManualClock()
  const transport = await createModelTransport(clock)
  onTestFinished(() => transport.close())
  const provider = (baseUrl: string) =>
    createModelProvider(
      // The first word after a failure comes at once: no test waits.
      {
        clock: { ...clockOf(clock), sleep: async () => true },
        random: seededRandom(7),
        transport: async () => transport
      },
      { name: 'test', baseUrl, concurrency: 64 }
    )
  const own = provider(models.url)
  const known = new Map<string, Model>([
    ['test/test-model', own.model('test-model', price)],
    ...Object.entries(others).map(([name, url]) => [name, provider(url).model(name)] as const)
  ])
  const toolNode = createToolNode(tools)

  const node: LlmNode = {
    server: models,
    clock,
    models: {
      get(name = 'test/test-model') {
        const model = known.get(name)
        if (model === undefined) throw new LumosError('MODEL_UNKNOWN', { details: { model: name } })
        return model
      },
      defaults: () => ['test/test-model'],
      embedding: () => (embedding === true ? own.embedding('test-embedding') : undefined)
    },
    run(agent, input, asked = {}) {
      const request = { ...requestOf(input, asked), memory, models: node.models, ...asked.request }
      return agent.run({ ...request, toolbox: toolNode.run({ ...request, depth: 0 }) })
    },
    outputs: (...asked) => Array.fromAsync(node.run(...asked)),
    text: async (...asked) => textIn(await node.outputs(...asked)),
    agent: (definition = {}) =>
      llmAgent(
        { id: 'guide', description: 'Guides.', instructions: 'You guide.', ...definition },
        { clock }
      )
  }
  return node
}

function clockOf(clock: ManualClock) {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    timeout: (ms: number) => clock.timeout(ms),
    after: (ms: number, action: () => void) => clock.after(ms, action)
  }
}

function requestOf(
  input: string | readonly Part[],
  { message, history, signal = new AbortController().signal }: Asked
): Omit<AgentRequest, 'memory' | 'models' | 'toolbox'> {
  const order = asMessage(input, message)
  return {
    taskId: 'task',
    contextId: 'context',
    caller: SELF,
    message: order,
    history: history ?? [order],
    text: textOf(order.parts),
    signal,
    remainingMs: () => 600_000,
    log: silentLogger,
    heartbeat: () => {},
    ask: () => Promise.reject(new LumosError('NO_ROUTE')),
    swarm: 'home'
  }
}

function asMessage(input: string | readonly Part[], more: Partial<Message> = {}): Message {
  const parts = typeof input === 'string' ? [{ text: input }] : input
  return { messageId: 'message', role: 'ROLE_USER', parts, ...more }
}

export function textIn(outputs: readonly AgentOutput[]): string {
  return outputs.filter((output) => typeof output === 'string').join('')
}

export function stepsIn(outputs: readonly AgentOutput[]): AgentStep[] {
  return outputs.flatMap((output) =>
    typeof output === 'object' && output.type === 'progress' && output.step ? [output.step] : []
  )
}

/** Replies one after the other, the last one for ever. */
export function inTurn(...replies: readonly ModelReply[]): () => ModelReply {
  let at = 0
  return () => replies[Math.min(at++, replies.length - 1)] ?? {}
}

/** Messages of the n-th request to the model, from 0; the last one at -1. */
export function sentMessages({ server }: LlmNode, at = -1) {
  return server.requests.at(at)?.body['messages'] as {
    role: string
    content: unknown
    tool_call_id?: string
    tool_calls?: unknown
  }[]
}
