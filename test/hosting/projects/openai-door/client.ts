/** What the AI SDK has of a node that it takes for an OpenAI server; prints it as one JSON document. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateObject, generateText, isStepCount, streamText, tool } from 'ai'
import { z } from 'zod'

const [, , url = '', apiKey = ''] = process.argv
const lumos = createOpenAICompatible({
  name: 'lumos',
  baseURL: `${url}/v1`,
  apiKey,
  includeUsage: true,
  supportsStructuredOutputs: true
})

const weather = tool({
  description: 'The weather of a city.',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `sunny in ${city}`
})

const echoed = await generateText({ model: lumos('echo'), prompt: 'hello, swarm' })

const looked = streamText({
  model: lumos('guide'),
  system: 'Be short.',
  prompt: '!call weather {"city": "Rome"}',
  tools: { weather },
  stopWhen: isStepCount(3)
})
let streamed = ''
for await (const piece of looked.textStream) streamed += piece
const { outputTokens = 0 } = await looked.totalUsage

const { object } = await generateObject({
  model: lumos('guide'),
  schema: z.object({ city: z.string() }),
  prompt: 'Rome'
})

const refused = await generateText({
  model: lumos('echo'),
  prompt: 'hi',
  tools: { weather },
  maxRetries: 0
}).catch((error: unknown) => error)

console.log(
  JSON.stringify({
    echoed: echoed.text,
    streamed,
    steps: (await looked.steps).map(({ finishReason }) => finishReason),
    counted: outputTokens > 0,
    object,
    refused: refused instanceof Error ? refused.message : 'not at all'
  })
)
