/** Offers the tools to the swarm, each as a skill with its schema: no model is needed to call them. */
import { toolAgent } from 'lumos-mesh'
import { wordCount } from './tools.ts'

export const agent = toolAgent({
  id: 'my-agent',
  description: 'Counts words.',
  idempotent: true,
  tools: [wordCount]
})

// An agent with a model of the node uses the same tool:
//   llmAgent({ id: 'editor', description: 'Edits.', instructions: 'Be brief.', tools: [wordCount] })
