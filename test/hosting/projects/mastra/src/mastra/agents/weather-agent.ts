import { Agent } from '@mastra/core/agent'
import { Memory } from '@mastra/memory'
import { model } from '../model'
import { weatherTool } from '../tools/weather-tool'

export const weatherAgent = new Agent({
  id: 'weather-agent',
  name: 'Weather Agent',
  description: 'Tells the weather of a city.',
  instructions: 'You tell people the weather.',
  model,
  tools: { weatherTool },
  memory: new Memory({ options: { lastMessages: 10 } })
})
