/** The same tasks for `agent.generate` of @mastra/core, as its own documentation makes an agent. */
import { Agent } from '@mastra/core/agent'
import { createTool } from '@mastra/core/tools'
import { z } from 'zod'
import { ADD, INSTRUCTIONS, TASKS } from './task.ts'

export async function mastraCall(url, task) {
  const add = createTool({
    id: ADD.id,
    description: ADD.description,
    inputSchema: z.object({ a: z.number(), b: z.number() }),
    execute: async ({ a, b }) => a + b
  })
  const agent = new Agent({
    id: 'agent',
    name: 'agent',
    instructions: INSTRUCTIONS,
    model: { id: 'bench/test-model', url, apiKey: 'none' },
    ...(task === 'tool' && { tools: { add } })
  })
  return async () => {
    const { text } = await agent.generate(TASKS[task])
    if (text === '') throw new Error('there was no answer')
  }
}
