/** A node with agents of all kinds and a model server, for tests that come in as OpenAI clients do. */
import OpenAI, { APIError } from 'openai'
import { callerTexts, inputRequired } from '../../agents/agent.ts'
import type { Agent } from '../../agents/agent.ts'
import { createEchoAgent } from '../../agents/echo.ts'
import { llmAgent } from '../../agents/llm/llm-agent.ts'
import { testAgent } from './a2a-nodes.ts'
import type { AssemblyOptions } from './a2a-nodes.ts'
import { startHttpNode } from './http-gateway.ts'
import type { HttpNode } from './http-gateway.ts'
import { startModelServer } from './model-server.ts'
import type { ModelServer } from './model-server.ts'

export interface OpenAiNode extends HttpNode {
  readonly models: ModelServer
  /** With a token that may give tasks, unless it is given another. */
  client(apiKey?: string): OpenAI
}

const AGENTS: readonly Agent[] = [
  createEchoAgent(),
  llmAgent({ id: 'guide', description: 'Guides.', instructions: 'You guide.' }),
  testAgent('travel', async function* (asked) {
    const [, city] = callerTexts(asked)
    yield city === undefined ? 'So far.' : `Off to ${city}.`
    if (city === undefined) yield inputRequired('Where to?')
  }),
  testAgent('fails', async function* () {
    yield 'so far'
    throw new Error('secret of the worker')
  }),
  testAgent('gallery', async function* ({ message }) {
    yield JSON.stringify(message.parts)
    const parts = [{ raw: 'aGk=', mediaType: 'image/png', filename: 'hi.png' }]
    yield { type: 'artifact', artifact: { name: 'picture', parts } }
  })
]

/** A node that the test has to stop. */
export async function startOpenAiNode(agents: readonly Agent[] = []): Promise<OpenAiNode> {
  const models = await startModelServer()
  const node = await startHttpNode([...AGENTS, ...agents], { models: modelsAt(models) })
  const token = await node.token()
  return {
    ...node,
    models,
    client: (apiKey = token) => new OpenAI({ baseURL: `${node.url}/v1`, apiKey, maxRetries: 0 }),
    async stop() {
      await node.stop()
      await models.stop()
    }
  }
}

/** What a node is configured with whose agents ask that server. */
export function modelsAt({ url }: ModelServer): NonNullable<AssemblyOptions['models']> {
  const providers = { here: { baseUrl: url, models: ['test-model'] } }
  return { detect: false, default: ['here/test-model'], providers }
}

export const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather of a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
  }
}

/** The refusal as the package tells of it. */
export async function refusal(asked: Promise<unknown>): Promise<APIError> {
  const error: unknown = await asked.then(
    () => undefined,
    (reason: unknown) => reason
  )
  if (error instanceof APIError) return error
  throw new Error('it was not refused', { cause: error })
}
