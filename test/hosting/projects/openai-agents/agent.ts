import { Agent, OpenAIChatCompletionsModel, setTracingDisabled, tool } from '@openai/agents'
import OpenAI from 'openai'
import { z } from 'zod'

setTracingDisabled(true)
const client = new OpenAI({ baseURL: process.env.MODEL_URL, apiKey: 'none' })

const lookUp = tool({
  name: 'look_up',
  description: 'Looks up an order',
  parameters: z.object({ order: z.string() }),
  execute: async ({ order }) => ({ order, state: 'sent' })
})

const refund = tool({
  name: 'refund',
  description: 'Pays an order back',
  parameters: z.object({ order: z.string() }),
  needsApproval: true,
  execute: async ({ order }) => `refunded ${order}`
})

export const supportAgent = new Agent({
  name: 'Support Agent',
  handoffDescription: 'Answers customers.',
  instructions: 'You help customers.',
  model: new OpenAIChatCompletionsModel(client, 'test-model'),
  tools: [lookUp, refund]
})
