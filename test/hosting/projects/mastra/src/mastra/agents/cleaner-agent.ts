import { Agent } from '@mastra/core/agent'
import { model } from '../model'
import { deleteTool } from '../tools/delete-tool'

export const cleanerAgent = new Agent({
  id: 'cleanerAgent',
  name: 'Cleaner',
  description: 'Deletes records that nobody needs.',
  instructions: 'You delete records when you are asked to.',
  model,
  tools: { deleteTool }
})
