import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { Agent } from '@mastra/core/agent'
import { Mastra } from '@mastra/core/mastra'
import { InMemoryStore } from '@mastra/core/storage'
import {
  Agent as OpenAiAgent,
  OpenAIChatCompletionsModel,
  setTracingDisabled,
  tool
} from '@openai/agents'
import { ToolLoopAgent } from 'ai'
import { lumosFunction, lumosTool as aiTool } from 'lumos-mesh/ai'
import { lumosAgent, lumosTool } from 'lumos-mesh/mastra'
import OpenAI from 'openai'

setTracingDisabled(true)
const baseURL = process.env.MODEL_URL!
const model = createOpenAICompatible({ name: 'test', baseURL }).chatModel('test-model')

export const mastra = new Mastra({
  agents: {
    supervisor: new Agent({
      id: 'supervisor',
      name: 'Supervisor',
      description: 'Has others do the work.',
      instructions: 'You delegate.',
      model,
      agents: {
        echoer: lumosAgent('@echo@beta', { description: 'Repeats what it is told.' }),
        greeter: lumosAgent('@greeter@beta'),
        waiter: lumosAgent('@wait@beta')
      },
      tools: { calculator: lumosTool('@calc@beta', { id: 'calculator' }) }
    })
  },
  storage: new InMemoryStore()
})

export const sdkAgent = new ToolLoopAgent({
  id: 'sdk-caller',
  model,
  tools: { calculator: aiTool('@calc@beta') }
})

export const openAiCaller = new OpenAiAgent({
  name: 'openai-caller',
  instructions: 'You calculate.',
  model: new OpenAIChatCompletionsModel(new OpenAI({ baseURL, apiKey: 'none' }), 'test-model'),
  tools: [tool(lumosFunction('@calc@beta', { id: 'calculator' }))]
})
