/** A Mastra project; nothing in it knows of Lumos, which hosts its agents for the whole swarm. */
import { Agent } from '@mastra/core/agent'
import { Mastra } from '@mastra/core/mastra'
import { wordCount } from './tools.ts'

export const writer = new Agent({
  id: 'my-agent',
  name: 'my-agent',
  description: 'Helps with texts: counts, shortens, explains.',
  instructions: 'You help people with their texts. Count words with your tool, never by yourself.',
  // Any OpenAI-compatible server; `lumos dev --env NAME` hands on a variable of your shell.
  model: {
    id: `openai/${process.env['MODEL'] ?? 'gpt-5-mini'}`,
    url: process.env['OPENAI_BASE_URL'] ?? 'https://api.openai.com/v1',
    apiKey: process.env['OPENAI_API_KEY'] ?? 'none'
  },
  tools: { wordCount }
})

export const mastra = new Mastra({ agents: { writer } })
