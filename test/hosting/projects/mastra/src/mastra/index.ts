import { Mastra } from '@mastra/core/mastra'
import { LibSQLStore } from '@mastra/libsql'
import { cleanerAgent } from './agents/cleaner-agent'
import { weatherAgent } from './agents/weather-agent'

export const mastra = new Mastra({
  agents: { weatherAgent, cleanerAgent },
  storage: new LibSQLStore({ id: 'mastra-storage', url: process.env.DATABASE_URL ?? ':memory:' })
})
