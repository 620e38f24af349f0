import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { tool, ToolLoopAgent } from 'ai'
import { z } from 'zod'

const provider = createOpenAICompatible({ name: 'test', baseURL: process.env.MODEL_URL! })

export const librarian = new ToolLoopAgent({
  id: 'librarian',
  model: provider.chatModel('test-model'),
  instructions: 'You look after books.',
  tools: {
    findBook: tool({
      description: 'Finds a book by its title',
      inputSchema: z.object({ title: z.string() }),
      execute: async ({ title }) => ({ title, shelf: 7 })
    }),
    burnBook: tool({
      description: 'Destroys a book',
      inputSchema: z.object({ title: z.string() }),
      execute: async ({ title }) => ({ burnt: title })
    })
  },
  toolApproval: { burnBook: 'user-approval' }
})
